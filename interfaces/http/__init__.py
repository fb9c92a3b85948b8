"""The HTTP interface. One router a capability: one line each."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http import (
    agent,
    audit,
    conversation,
    costs,
    document,
    health,
    key,
    message,
    problems,
    projections,
    search,
    tenant,
)

ROUTERS: Sequence[Router] = (
    message.ROUTER,
    conversation.ROUTER,
    document.ROUTER,
    search.ROUTER,
    agent.ROUTER,
    tenant.ROUTER,
    key.ROUTER,
    costs.ROUTER,
    projections.ROUTER,
    audit.ROUTER,
    health.ROUTER,
    problems.ROUTER,
)
