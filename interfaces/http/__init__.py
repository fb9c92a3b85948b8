"""The HTTP interface. One router a capability: one line each."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http import (
    agent,
    audit,
    audit_events,
    audit_export,
    audit_follow,
    authorship,
    conversation,
    costs,
    customer,
    document,
    health,
    history,
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
    customer.ROUTER,
    document.ROUTER,
    search.ROUTER,
    agent.ROUTER,
    tenant.ROUTER,
    key.ROUTER,
    costs.ROUTER,
    projections.ROUTER,
    audit_events.ROUTER,
    audit_follow.ROUTER,
    audit_export.ROUTER,
    history.ROUTER,
    authorship.ROUTER,
    audit.ROUTER,
    health.ROUTER,
    problems.ROUTER,
)
