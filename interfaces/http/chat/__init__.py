"""The completions API in OpenAI's form.

Begin in `chat.py`, `embeddings.py`, `responses/`, and `older/` for `/v1/completions`; `request.py` is what may be sent, `answer.py` and `stream.py` what comes back.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.chat import chat, embeddings
from interfaces.http.chat.examples import EXAMPLES as EXAMPLES
from interfaces.http.chat.older import routes as older
from interfaces.http.chat.responses import routes as responses

ROUTERS: Sequence[Router] = (chat.ROUTER, older.ROUTER, embeddings.ROUTER, responses.ROUTER)
