"""The completions API: calls of apps that speak OpenAI's form.

Begin in `call.py`: one stream a call; `embedding_call.py`: those of the embeddings API. `end_user.py`: the app's own users, whose key seals their calls.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.chat.call import Call
from domain.chat.embedding_call import EmbeddingCall
from domain.chat.end_user import User

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (
    Call,
    EmbeddingCall,
    User,
)
