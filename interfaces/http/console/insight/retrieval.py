"""Retrieval: what was found, how each source did, what answers cite, and questions that nothing was found for."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from application.audit.questions import questions_at
from application.audit.titles import titles_of
from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.formats import duration, money, number, percent
from interfaces.http.console.insight.board import Card, Column, Grid, board, since_of, span_of
from projections.enrichments import EnrichmentFigures, Enrichments, enrichment_figures
from projections.retrieval_figures import (
    RetrievalSummary,
    list_unanswered,
    most_retrieved,
    retrieval_summary,
)
from projections.retrievals import Retrievals

LISTED = 20


@get("/console/insight/retrieval", scope="analytics:view")
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """Days in UTC."""
    span, tenant = span_of(request), principal.tenant
    since, until = since_of(services, span)
    async with services.reads.at(tenant, Retrievals()) as sql:
        summary = await retrieval_summary(sql, tenant, since=since, until=until)
        documents = await most_retrieved(sql, tenant, since=since, until=until, limit=LISTED)
        missed = await list_unanswered(sql, tenant, limit=LISTED)
    async with services.reads.at(tenant, Enrichments()) as sql:
        looked_up = await enrichment_figures(sql, tenant, since=since, until=until)
    titles = await titles_of({(x.document, x.source) for x in documents}, tenant, store=services.store)
    questions = await questions_at([x.position for x in missed], tenant, store=services.store)
    return board(
        request,
        services,
        title="Retrieval",
        span=span,
        cards=_cards(summary),
        grids=[
            _sources(summary),
            Grid(
                caption="What answers cite",
                columns=[Column("Kind of source", "text"), Column("In prompts"), Column("Cited")],
                rows=[[x.source, x.passages, x.cited] for x in summary.attribution],
                chart="bars",
            ),
            Grid(
                caption="Most in prompts",
                columns=[
                    Column("Document", "text"),
                    Column("In prompts"),
                    Column("First"),
                    Column("Cited"),
                ],
                rows=[[titles.get(x.document) or "deleted", x.found, x.first, x.cited] for x in documents],
            ),
            _looked_up(looked_up),
            Grid(
                caption="Questions that little or nothing was found for",
                note="The latest of all, whatever the days above.",
                columns=[Column("Question", "text"), Column("Found", "text"), Column("Day", "day")],
                rows=[[questions.get(x.position) or "erased", x.result, x.at.date()] for x in missed],
            ),
        ],
    )


def _sources(summary: RetrievalSummary) -> Grid:
    return Grid(
        caption="Sources",
        columns=[
            Column("Source", "text"),
            Column("Lookups"),
            Column("Brought something", "percent"),
            Column("Passages"),
            Column("Median", "duration"),
            Column("95th", "duration"),
        ],
        rows=[
            [x.source, x.lookups, x.success_rate, x.passages, x.latency.p50_ms, x.latency.p95_ms]
            for x in summary.sources
        ],
    )


def _looked_up(x: EnrichmentFigures) -> Grid:
    return Grid(
        caption="Products looked up on the internet",
        columns=[
            Column("Missing"),
            Column("Older than a day"),
            Column("Searches"),
            Column("Found something", "percent"),
            Column("Failed", "percent"),
            Column("Cost", "money"),
        ],
        rows=[[x.missing, x.stale, x.searches, x.hit_rate, x.failure_rate, x.cost]]
        if x.searches or x.missing
        else [],
    )


def _cards(summary: RetrievalSummary) -> list[Card]:
    return [
        Card("Retrievals", number(summary.retrievals), f"{number(summary.nothing)} brought nothing"),
        Card("Found what is like the question", percent(summary.success_rate)),
        Card("Answers that cite", percent(summary.cited_rate)),
        Card("Time", duration(summary.latency.p50_ms), f"95th: {duration(summary.latency.p95_ms)}"),
        Card("Cost", money(summary.cost), f"{money(summary.cost_per_retrieval)} each"),
    ]


ROUTER = Router("/", route_handlers=[read], include_in_schema=False, exception_handlers=HANDLERS)
