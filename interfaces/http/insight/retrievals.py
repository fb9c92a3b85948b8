"""How retrievals go: success, latency and cost, what is found and cited most, and questions that nothing was found for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from application.audit.questions import questions_at
from application.audit.titles import titles_of
from application.tenancy.authentication import Principal
from domain.models.completion import Source
from domain.retrieval.results.figures import Result
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager
from interfaces.http.base.position import AtLeast
from projections.period import period
from projections.retrieval_figures import (
    RetrievalSummary,
    Unanswered,
    list_unanswered,
    most_retrieved,
    retrieval_summary,
)
from projections.retrievals import Retrievals

Day = Annotated[date | None, QueryParameter(description="A day (UTC), as 2026-01-31.")]
By = Literal["document", "passage"]


class RetrievedOut(msgspec.Struct, frozen=True, kw_only=True):
    """How often it stood in a prompt, how often first there, and how often an answer cited it. `document`: of the catalogue the product, or the service.
    `title`: null where it is gone; `passage`: null where they are counted by document."""

    document: UUID
    title: str | None
    passage: str | None
    source: Source
    found: int
    first: int
    cited: int


class UnansweredOut(msgspec.Struct, frozen=True, kw_only=True):
    """`result`: nothing, or weak where the best passage is not like the question. `question`: null once its customer was erased."""

    interaction: UUID
    at: datetime
    result: Result
    question: str | None


@get("/v1/analytics/retrieval", scope="analytics:view")
async def read_summary(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    at_least: AtLeast = None,
) -> RetrievalSummary:
    """What came of retrievals, how each source did, how long it took and what it cost, and what answers cite, from `since` until before `until`;
    without them the last 30 days."""
    start, end = period(since, until, services.clock().date())
    async with services.reads.at(principal.tenant, Retrievals(), at_least) as sql:
        return await retrieval_summary(sql, principal.tenant, since=start, until=end)


@get("/v1/analytics/retrieval/documents", scope="analytics:view")
async def read_documents(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    by: FromQuery[By] = "document",
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[RetrievedOut]:
    """What stood in most prompts first, by document or by passage; days as above. `next_cursor` is always null."""
    start, end = period(since, until, services.clock().date())
    async with services.reads.at(principal.tenant, Retrievals(), at_least) as sql:
        rows = await most_retrieved(sql, principal.tenant, since=start, until=end, by=by, limit=limit)
    wanted = {(row.document, row.source) for row in rows}
    titles = await titles_of(wanted, principal.tenant, store=services.store)
    shown = [RetrievedOut(title=titles.get(row.document), **msgspec.structs.asdict(row)) for row in rows]
    return Page(shown, None)


@get("/v1/analytics/retrieval/unanswered", scope="analytics:view")
async def read_unanswered(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    result: FromQuery[Literal["weak", "nothing"] | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[UnansweredOut]:
    """Questions for which no passage was found, or none that is like them; the latest first."""
    tenant = principal.tenant
    pager = Pager(services, tenant, int, "unanswered", result)
    before = await pager.place(cursor)
    async with services.reads.at(tenant, Retrievals(), at_least) as sql:
        rows = await list_unanswered(sql, tenant, result=result, before=before, limit=limit + 1)
    questions = await questions_at([row.position for row in rows], tenant, store=services.store)

    def shown(row: Unanswered) -> UnansweredOut:
        return UnansweredOut(
            interaction=row.interaction,
            at=row.at,
            result=row.result,
            question=questions.get(row.position),
        )

    return await pager.page(rows, limit, shown, lambda row: row.position)


ROUTER = Router("/", route_handlers=[read_summary, read_documents, read_unanswered], tags=["analytics"])
