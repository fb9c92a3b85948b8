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
    budget,
    catalogue,
    chat,
    conversation,
    costs,
    customer,
    document,
    flag,
    health,
    history,
    key,
    message,
    price,
    problems,
    projections,
    provider_health,
    provider_key,
    retention,
    routing,
    search,
    tenant,
    tenant_key,
)

ROUTERS: Sequence[Router] = (
    message.ROUTER,
    conversation.ROUTER,
    customer.ROUTER,
    document.ROUTER,
    search.ROUTER,
    agent.ROUTER,
    tenant.ROUTER,
    tenant_key.ROUTER,
    key.ROUTER,
    retention.ROUTER,
    costs.ROUTER,
    budget.ROUTER,
    flag.ROUTER,
    chat.ROUTER,
    catalogue.ROUTER,
    price.ROUTER,
    routing.ROUTER,
    provider_health.ROUTER,
    provider_key.ROUTER,
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
