"""Conversations: the list of them, one with what can be done about it, why an answer was given, and what was so before. Begin in `inbox.py`."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.console.inbox import (
    actions,
    answer,
    calls,
    conversation,
    inbox,
    live,
    media,
    past,
    search,
)

ROUTERS: Sequence[Router] = (
    inbox.ROUTER,
    search.ROUTER,
    live.ROUTER,
    conversation.ROUTER,
    actions.ROUTER,
    calls.ROUTER,
    answer.ROUTER,
    past.ROUTER,
    media.ROUTER,
)
