"""The HTTP interface. One router a capability: one line each."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.agents import agent
from interfaces.http.audit import authorship, events, export, follow, history, verify
from interfaces.http.base import problems
from interfaces.http.budgets import budget
from interfaces.http.chat import chat
from interfaces.http.conversations import conversation, message
from interfaces.http.flags import flag
from interfaces.http.gateway import health as provider_health
from interfaces.http.gateway import provider_key, routing
from interfaces.http.insight import usage
from interfaces.http.models import models, price
from interfaces.http.operations import health, projections
from interfaces.http.privacy import customer, retention
from interfaces.http.retrieval import document, search
from interfaces.http.tenancy import api_key, tenant, tenant_key

ROUTERS: Sequence[Router] = (
    message.ROUTER,
    conversation.ROUTER,
    customer.ROUTER,
    document.ROUTER,
    search.ROUTER,
    agent.ROUTER,
    tenant.ROUTER,
    tenant_key.ROUTER,
    api_key.ROUTER,
    retention.ROUTER,
    usage.ROUTER,
    budget.ROUTER,
    flag.ROUTER,
    chat.ROUTER,
    models.ROUTER,
    price.ROUTER,
    routing.ROUTER,
    provider_health.ROUTER,
    provider_key.ROUTER,
    projections.ROUTER,
    events.ROUTER,
    follow.ROUTER,
    export.ROUTER,
    history.ROUTER,
    authorship.ROUTER,
    verify.ROUTER,
    health.ROUTER,
    problems.ROUTER,
)
