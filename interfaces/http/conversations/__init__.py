"""Messages in, answers out; conversations and interactions.

Begin in `message.py: post_message`.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.conversations import conversation, message
from interfaces.http.conversations.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    message.ROUTER,
    conversation.ROUTER,
)
