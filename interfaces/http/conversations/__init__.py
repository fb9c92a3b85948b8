"""Messages in, answers out; conversations and interactions; operators; what customers book and order.

Begin in `message.py: post_message`; `handoff.py` is an operator's way in.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.conversations import (
    booking,
    conversation,
    events,
    handoff,
    interactions,
    message,
    order,
    search,
)
from interfaces.http.conversations.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    message.ROUTER,
    interactions.ROUTER,
    conversation.ROUTER,
    events.ROUTER,
    handoff.ROUTER,
    search.ROUTER,
    booking.ROUTER,
    order.ROUTER,
)
