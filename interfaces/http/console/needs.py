"""What needs a person now: of everything that the reader's scopes open. Each list is asked for its first hundred, no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from markupsafe import Markup

from application.base.setting import load_setting
from application.budgets.budget import budget_of
from application.budgets.status import budget_status
from application.conversations.handoff import operator_id
from application.gateway.models_in_use import models_of
from application.operators.authentication import LiveSession
from domain.experiments.deployment import Deployment
from domain.insight.alerts.alerts import Alerts
from domain.tenancy.scopes import Scope
from interfaces.bootstrap import Services
from interfaces.http.console.ends import named_in, page_of, told_end, told_instead
from interfaces.http.console.formats import money, when, words
from interfaces.http.console.navigation import known_path
from projections.conversations import count_waiting, list_conversations, waiting_conversations
from projections.corrections import Corrections, list_corrections
from projections.deployments import Deployments, list_deployments
from projections.documents import Documents, list_documents
from projections.transcript import Transcript

MOST, NEWEST_DEPLOYMENTS = 100, 20
NEAR = 0.8
"""Of a budget: from this part on it is told."""


class Need(NamedTuple):
    """`kind`: as of a chip; `path` empty: there is no page for it."""

    title: str
    text: str
    kind: Literal["bad", "warn", "wait", "info"]
    path: str = ""


Finder = Callable[[Services, UUID, LiveSession], Awaitable[list[Need]]]


async def needs_of(session: LiveSession, services: Services) -> list[Need]:
    """The most pressing first."""
    tenant = session.principal.tenant
    open_to = [find for scope, find in FINDERS if scope in session.principal.scopes]
    found = await asyncio.gather(*(find(services, tenant, session) for find in open_to))
    order = {"bad": 0, "warn": 1, "wait": 2, "info": 3}
    return sorted((need for each in found for need in each), key=lambda need: order[need.kind])


async def _conversations(services: Services, tenant: UUID, session: LiveSession) -> list[Need]:
    me = await operator_id(tenant, session.principal.actor, keyring=services.keyring)
    async with services.reads.at(tenant, Transcript()) as sql:
        waiting = await waiting_conversations(sql, tenant, limit=1)
        count = await count_waiting(sql, tenant) if waiting else 0
        mine = await list_conversations(sql, tenant, operator=me, limit=MOST)
    found = []
    if waiting:
        since = Markup("The first one since {}.").format(when(waiting[0].waiting_since))
        title = f"{_counted(count, 1000)} {'customer waits' if count == 1 else 'customers wait'} for a person"
        found.append(Need(title, since, "bad", "/console/inbox"))
    if mine:
        title = f"{_counted(len(mine))} {'conversation is' if len(mine) == 1 else 'conversations are'} yours"
        text = "The agent is silent in them until you give them back."
        found.append(Need(title, text, "info", "/console/inbox?view=mine"))
    return found


async def _corrections(services: Services, tenant: UUID, session: LiveSession) -> list[Need]:
    async with services.reads.at(tenant, Corrections()) as sql:
        rows = await list_corrections(sql, tenant, status="proposed", limit=MOST)
    if not rows:
        return []
    title = f"{_counted(len(rows))} {'correction waits' if len(rows) == 1 else 'corrections wait'} for review"
    return [Need(title, "Nothing is learned from them before.", "wait", known_path("/console/corrections"))]


async def _documents(services: Services, tenant: UUID, session: LiveSession) -> list[Need]:
    async with services.reads.at(tenant, Documents()) as sql:
        rows = await list_documents(sql, tenant, status="failed", limit=MOST)
    if not rows:
        return []
    title = f"{_counted(len(rows))} {'document' if len(rows) == 1 else 'documents'} could not be read"
    text = "Answers can't rest on them; their pages say why."
    return [Need(title, text, "warn", known_path("/console/documents"))]


async def _parked(services: Services, tenant: UUID, session: LiveSession) -> list[Need]:
    parked = await services.reads.parked_events(tenant)
    names = sorted({name for name, _, _ in parked})
    if not names:
        return []
    text = f"{', '.join(names)}: their figures lack something until it is retried or skipped (docs/projections.md)."
    return [Need("Read models could not take some events", text, "bad", known_path("/console/events"))]


async def _deployments(services: Services, tenant: UUID, session: LiveSession) -> list[Need]:
    """Those on their way whose step is done, and those that were rolled back by themselves lately."""
    async with services.reads.at(tenant, Deployments()) as sql:
        rows = await list_deployments(sql, tenant, before=None, limit=NEWEST_DEPLOYMENTS)
    loaded = (services.store.latest(Deployment, row.deployment, tenant=tenant) for row in rows)
    path, found = known_path("/console/deployments"), []
    for state in [each.state for each in await asyncio.gather(*loaded)]:
        if state.status in ("shadowing", "running"):
            step = state.progress
            held = step is not None and step.held
            share = f" to {step.percentage} % of customers" if step is not None else ""
            text = "This step has held and waits to be confirmed." if held else "Its evidence comes in."
            title = f"Deployment {state.name}: {state.status}{share}"
            found.append(Need(title, text, "wait" if held else "info", path))
    return found


async def _models(services: Services, tenant: UUID, session: LiveSession) -> list[Need]:
    """Those that the agent is set to ask and that vendors have taken away, or will."""
    return [
        Need(
            told_end(each),
            f"{told_instead(each)} {named_in(each)}",
            "bad" if each.state == "retired" else "warn",
            known_path(page_of(each)),
        )
        for each in await models_of(tenant, services, services.clock)
        if each.state != "in_use"
    ]


async def _budgets(services: Services, tenant: UUID, session: LiveSession) -> list[Need]:
    budget = await budget_of(tenant, store=services.store)
    if budget is None:
        return []
    both = await budget_status(
        budget.state.limits, services.clock().date(), tenant=tenant, store=services.store
    )
    found: list[Need] = []
    for each in both:
        used = each.spent + each.reserved
        if each.limit is not None and used >= each.limit * round(NEAR * 100) / 100:
            over = used >= each.limit
            title = f"The budget of {each.period} is {'used up' if over else 'nearly used up'}"
            text = f"{money(used)} of {money(each.limit)}."
            found.append(Need(title, text, "bad" if over else "warn", known_path("/console/budgets")))
    return found


async def _alerts(services: Services, tenant: UUID, session: LiveSession) -> list[Need]:
    """Those that fire and that nobody has acknowledged."""
    found, path = await load_setting(Alerts, tenant, store=services.store), known_path("/console/alerts")
    statuses = found.state.statuses if found is not None else {}
    return [
        Need(
            f"Alert: {words(rule)}",
            Markup("{} since {}.").format(words(status.state), when(status.since)),
            "bad" if status.state == "alert" else "warn",
            path and f"{path}/{rule}",
        )
        for rule, status in statuses.items()
        if status.firing and status.acknowledged_at is None
    ]


def _counted(count: int, most: int = MOST) -> str:
    return f"{most} or more" if count >= most else str(count)


FINDERS: Sequence[tuple[Scope, Finder]] = (
    ("conversations:read", _conversations),
    ("feedback:review", _corrections),
    ("integrations:manage", _documents),
    ("integrations:manage", _models),
    ("audit:read", _parked),
    ("analytics:view", _alerts),
    ("analytics:view", _deployments),
    ("analytics:view", _budgets),
)
"""A line a list: the scope that opens it, and who asks for it."""
