"""Interactions: read, waited for, explained."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from application.audit.explain_call import explain_call
from application.audit.explain_interaction import belonging, explain_interaction, interaction_events
from application.audit.explanation import Explanation
from application.ports import Located
from application.tenancy.authentication import Principal
from domain.base.errors import NotFound
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.moments import moments_of
from interfaces.http.base.position import AtLeast
from interfaces.http.base.presence import LONGEST_WAIT
from interfaces.http.conversations.delivered import shown_with_delivery
from interfaces.http.conversations.interaction import Interaction
from interfaces.http.conversations.rated import with_ratings
from projections.interactions import InteractionRow, get_interaction, several_interactions
from projections.transcript import Transcript


@get("/v1/interactions/{interaction:uuid}", scope="conversations:read")
async def read_interaction(
    interaction: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    wait: Annotated[
        float, QueryParameter(ge=0, le=LONGEST_WAIT, description="Seconds to wait until it is answered.")
    ] = 0,
    at_least: AtLeast = None,
) -> Interaction:
    """An interaction: pending, answered or failed (it is tried again)."""
    row = await _located(interaction, services, principal.tenant, at_least)
    until = time.monotonic() + wait
    async with (
        access_control.waiting(request),
        aclosing(moments_of(services, principal.tenant)) as moments,
    ):
        await anext(moments)
        while True:
            place = Located(row.conversation, row.first_version)
            events = await interaction_events(principal.tenant, place, interaction, store=services.store)
            if not events:
                raise NotFound("this interaction was erased")
            found = await shown_with_delivery([events], services, principal.tenant, at_least)
            (shown,) = await with_ratings(found, services, principal.tenant, at_least)
            left = until - time.monotonic()
            if shown.status == "answered" or left <= 0 or services.stopping.is_set():
                return shown
            try:
                async with asyncio.timeout(left):
                    await anext(moments)
            except TimeoutError:
                until = 0.0  # one last look


@get("/v1/interactions/{interaction:uuid}/why", scope="conversations:read")
async def why(
    interaction: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> Explanation:
    """Everything that led to the answer of an interaction, or of a call of the completions API, from events alone."""
    call = await explain_call(principal.tenant, interaction, store=services.store)
    if call is not None:
        return call
    await _located(interaction, services, principal.tenant, at_least)
    return await explain_interaction(
        principal.tenant, interaction, store=services.store, locator=services.locator
    )


async def several_shown(
    ids: Sequence[UUID], services: Services, tenant: UUID, at_least: int | None = None
) -> dict[UUID, Interaction]:
    """By id, with what became of each on its channel; without those that were erased. However many there are, they are asked for together."""
    async with services.reads.at(tenant, Transcript(), at_least) as sql:
        rows = await several_interactions(sql, tenant, ids)
    spans = [(row.conversation, row.first_version, row.last_version) for row in rows]
    events = await services.store.spans(tenant, spans)
    groups = [belonging(events.get(row.conversation, ()), row.interaction) for row in rows]
    shown = await shown_with_delivery([each for each in groups if each], services, tenant, at_least)
    return {each.id: each for each in shown}


async def _located(
    interaction: UUID, services: Services, tenant: UUID, at_least: int | None
) -> InteractionRow:
    row = await services.reads.find(
        tenant, Transcript(), lambda sql: get_interaction(sql, tenant, interaction), at_least
    )
    if row is None:
        raise NotFound(f"there is no interaction {interaction} in this tenant")
    return row


ROUTER = Router("/", route_handlers=[read_interaction, why], tags=["conversations"])
