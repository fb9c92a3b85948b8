"""Corrections: propose, list, review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from application.base.setting import load_setting
from application.feedback.correction import (
    ProposeCorrection,
    ReviewCorrection,
    propose_correction,
    review_correction,
    set_review_rules,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.base.recorded import Recorded
from domain.conversations.messages import Use
from domain.feedback.correction import Correction, Source, Status
from domain.feedback.judgement import BEST, Category
from domain.feedback.lineage import LONGEST, Lineage, Texts
from domain.feedback.review_rules import ReviewRules
from domain.models.completion import Turn
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, one, tag
from interfaces.http.conversations.handoff import Operator
from projections.corrections import CorrectionRow, Corrections, get_correction, list_corrections

Text = Annotated[str, Meta(min_length=1, max_length=LONGEST)]


class CorrectionIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`conversation_id` and `bot_response` are compared with what is on record, where they are given. `operator`: who proposes it."""

    agent_interaction_id: UUID
    conversation_id: UUID | None = None
    bot_response: Annotated[str, Meta(min_length=1, max_length=100_000)] | None = None
    human_response: Text
    reason: Annotated[str, Meta(max_length=LONGEST)] = ""
    category: Category
    operator: Operator | None = None


class ReviewIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`category`: where another one fits better. `operator`: who reviews it."""

    approved: bool
    quality_score: Annotated[float, Meta(ge=0, le=BEST)]
    category: Category | None = None
    operator: Operator | None = None


class RulesIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`four_eyes`: whoever proposed a correction can't review it."""

    four_eyes: bool


class RulesOut(msgspec.Struct, frozen=True, kw_only=True):
    four_eyes: bool


class LineageOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where the answer came from. `prompt`: id of the event with the exact prompt (GET /v1/interactions/ID/why shows it). `use`: what the customer's
    texts may be used for beside answering."""

    channel: str
    use: Use
    prompt: UUID | None
    template: str
    configuration_version: int
    passages: tuple[str, ...]
    provider: str | None
    model: str | None
    language: str | None
    intent: str | None


class CorrectionOut(msgspec.Struct, frozen=True, kw_only=True):
    """`message` is what the customer had said, after `context`. `source` `operator`: it came by itself, when an operator answered after the agent.
    Texts are null once the customer was erased."""

    id: UUID
    agent_interaction_id: UUID
    conversation_id: UUID
    message: str | None
    context: tuple[Turn, ...] | None
    bot_response: str | None
    human_response: str | None
    reason: str | None
    category: Category
    source: Source
    status: Status
    quality_score: float | None
    proposed_by: str | None
    proposed_at: datetime
    approved_by: str | None
    reviewed_at: datetime | None
    lineage: LineageOut


class ProposedOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    agent_interaction_id: UUID
    conversation_id: UUID
    category: Category
    status: Status


class ReviewedOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    status: Status
    quality_score: float | None
    category: Category


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


@get("/v1/bot/corrections/review", scope="feedback:review")
async def read_rules(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[RulesOut]:
    """What is asked of whoever reviews."""
    rules = await load_setting(ReviewRules, principal.tenant, store=services.store)
    four_eyes = rules is not None and rules.state.four_eyes
    return Response(RulesOut(four_eyes=four_eyes), headers=tag(0 if rules is None else rules.version))


@put("/v1/bot/corrections/review", scope="tenants:admin", versioned=one(ReviewRules.id_of))
async def replace_rules(
    data: JSONBody[RulesIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[RulesOut]:
    """Say what is asked of whoever reviews, from now on."""
    changed = await set_review_rules(data.four_eyes, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, changed.position, changed.version)
    return Response(RulesOut(four_eyes=data.four_eyes), headers=headers)


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
    return Response(_shown(row, events), headers=tag(version))


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
        rows, limit, lambda row: _shown(row, events), lambda row: Place(row.proposed_at, row.correction)
    )


async def _events(rows: Sequence[CorrectionRow], tenant: UUID, services: Services) -> Mapping[int, Recorded]:
    """Those that rows point at: texts and names are in the log only, where they are sealed."""
    positions = {each for row in rows for each in (row.proposed, row.texts, row.reviewed) if each}
    return await services.store.several(tenant, sorted(positions))


def _shown(row: CorrectionRow, events: Mapping[int, Recorded]) -> CorrectionOut:
    proposed, latest = events[row.proposed].event, events[row.texts].event
    reviewed = events[row.reviewed].event if row.reviewed else None
    assert isinstance(proposed, Correction.Proposed)
    assert isinstance(latest, Correction.Proposed | Correction.Extended)
    texts: Texts | None = latest.texts
    reviewer = reviewed.reviewer if isinstance(reviewed, Correction.Reviewed) else None
    return CorrectionOut(
        id=row.correction,
        agent_interaction_id=row.interaction,
        conversation_id=row.conversation,
        message=texts.exchange.message if texts is not None else None,
        context=texts.exchange.context if texts is not None else None,
        bot_response=texts.said if texts is not None else None,
        human_response=texts.exchange.answer if texts is not None else None,
        reason=texts.reason if texts is not None else None,
        category=row.category,
        source=row.source,
        status=row.status,
        quality_score=row.quality,
        proposed_by=proposed.proposer.operator or proposed.proposer.by,
        proposed_at=row.proposed_at,
        approved_by=None if reviewer is None else reviewer.operator or reviewer.by,
        reviewed_at=row.reviewed_at,
        lineage=_lineage(proposed.lineage),
    )


def _lineage(lineage: Lineage) -> LineageOut:
    names = LineageOut.__struct_fields__
    return LineageOut(**{name: getattr(lineage, name) for name in names})


ROUTER = Router(
    "/",
    route_handlers=[propose, approve, list_all, list_approved, read_rules, replace_rules, read],
    tags=["feedback"],
)
