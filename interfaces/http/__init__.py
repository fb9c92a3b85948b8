"""The HTTP interface. One router a capability: one line each."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http import agent, audit, conversation, costs, document, health, projections, search, tenant

ROUTERS: Sequence[Router] = (
    conversation.ROUTER,
    document.ROUTER,
    search.ROUTER,
    agent.ROUTER,
    tenant.ROUTER,
    costs.ROUTER,
    projections.ROUTER,
    audit.ROUTER,
    health.ROUTER,
)
