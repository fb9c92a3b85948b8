"""Corrections: propose, list, review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from application.feedback.correction import (
    ProposeCorrection,
    ReviewCorrection,
    propose_correction,
    review_correction,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.base.recorded import Recorded
from domain.feedback.correction import Source, Status
from domain.feedback.judgement import Category
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, tag
from interfaces.http.feedback.correction_forms import (
    CorrectionIn,
    CorrectionOut,
    ProposedOut,
    ReviewedOut,
    ReviewIn,
    shown,
)
from projections.corrections import CorrectionRow, Corrections, get_correction, list_corrections


@post("/v1/bot/corrections", status_code=201, scope="feedback:review")
async def propose(
    data: JSONBody[CorrectionIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ProposedOut]:
    """Say what an answer of the agent's should have been."""
    command = ProposeCorrection(
        interaction=data.agent_interaction_id,
        conversation=data.conversation_id,
        said=data.bot_response,
        right=data.human_response,
        reason=data.reason,
        category=data.category,
        operator=data.operator.name if data.operator is not None else None,
    )
    correction, position = await propose_correction(
        command,
        context,
        store=services.store,
        keyring=services.keyring,
        locator=services.locator,
        clock=services.clock,
        ids=services.ids,
    )
    lineage = correction.state.lineage
    assert lineage is not None
    body = ProposedOut(
        id=correction.id,
        agent_interaction_id=lineage.interaction,
        conversation_id=lineage.conversation,
        category=correction.state.category,
        status=correction.state.status,
    )
    headers = {
        "Location": f"/v1/bot/corrections/{correction.id}",
        **await written(services, context.tenant, position, correction.version),
    }
    return Response(body, status_code=201, headers=headers)


@post(
    "/v1/bot/corrections/{correction:uuid}/approve",
    status_code=200,
    scope="feedback:review",
    versioned=named("correction"),
)
async def approve(
    correction: FromPath[UUID],
    data: JSONBody[ReviewIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[ReviewedOut]:
    """Approve a correction, or not; a later review takes the place of an earlier one."""
    command = ReviewCorrection(
        correction=correction,
        approved=data.approved,
        quality=data.quality_score,
        category=data.category,
        operator=data.operator.name if data.operator is not None else None,
    )
    found, position = await review_correction(
        command, context, store=services.store, keyring=services.keyring, clock=services.clock
    )
    state = found.state
    body = ReviewedOut(
        id=correction, status=state.status, quality_score=state.quality, category=state.category
    )
    return Response(body, headers=await written(services, context.tenant, position, found.version))


@get("/v1/bot/corrections", scope="feedback:review")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    status: FromQuery[Status | None] = None,
    category: FromQuery[Category | None] = None,
    source: FromQuery[Source | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[CorrectionOut]:
    """Corrections, the newest first."""
    return await _page(services, principal, status, category, source, cursor, limit, at_least)


@get("/v1/bot/corrections/approved", scope="feedback:review")
async def list_approved(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    category: FromQuery[Category | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[CorrectionOut]:
    """Those that were approved, the newest first."""
    return await _page(services, principal, "approved", category, None, cursor, limit, at_least)


@get("/v1/bot/corrections/{correction:uuid}", scope="feedback:review")
async def read(
    correction: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> Response[CorrectionOut]:
    """A correction, with where the answer came from. Its ETag is the version of these texts: whoever reviews them with it reviews no others."""
    tenant = principal.tenant
    row = await services.reads.find(
        tenant, Corrections(), lambda sql: get_correction(sql, tenant, correction), at_least
    )
    if row is None:
        raise NotFound(f"there is no correction {correction} in this tenant")
    events = await _events([row], tenant, services)
    # The projection may be behind: the version is that of what is shown.
    version = max(recorded.version for recorded in events.values())
    return Response(shown(row, events), headers=tag(version))


async def _page(
    services: Services,
    principal: Principal,
    status: Status | None,
    category: Category | None,
    source: Source | None,
    cursor: str | None,
    limit: int,
    at_least: int | None,
) -> Page[CorrectionOut]:
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "corrections", status, category, source)
    before = await pager.place(cursor)
    async with services.reads.at(tenant, Corrections(), at_least) as sql:
        rows = await list_corrections(
            sql, tenant, status=status, category=category, source=source, before=before, limit=limit + 1
        )
    events = await _events(rows, tenant, services)
    return await pager.page(
        rows, limit, lambda row: shown(row, events), lambda row: Place(row.proposed_at, row.correction)
    )


async def _events(rows: Sequence[CorrectionRow], tenant: UUID, services: Services) -> Mapping[int, Recorded]:
    """Those that rows point at: texts and names are in the log only, where they are sealed."""
    positions = {each for row in rows for each in (row.proposed, row.texts, row.reviewed) if each}
    return await services.store.several(tenant, sorted(positions))


ROUTER = Router(
    "/",
    route_handlers=[propose, approve, list_all, list_approved, read],
    tags=["feedback"],
)
