"""Operations: how everything runs, by day, week or month: contacts, handoffs by reason, intents, what is found, caches, tokens, models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from msgspec.structs import replace

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.formats import number, percent, words
from interfaces.http.console.insight.board import Card, Column, Grid, Times, board, series
from interfaces.http.console.insight.over import OVER, TITLES, asked_over, over_of, times_of
from interfaces.http.console.insight.quality import aimed_card
from interfaces.http.insight.asking import known_to
from projections.answer_figures import AnswerFigures
from projections.contacts import Contacts
from projections.operations import Counted, ModelUse, OperationsReport, operations
from projections.spending import Spending

EVENTS = "/console/events?kind=conversation."
CONTACTS = (
    ("Conversations", "conversations", "message_received"),
    ("Messages", "messages", "message_received"),
    ("Answers", "answers", "answered"),
    ("Replies of persons", "replies", "replied"),
    ("Taken over", "takeovers", "claimed"),
    ("Given back", "releases", "released"),
    ("Closed", "closed", "closed"),
    ("Erased", "erased", "forgotten"),
)
"""Title, figure, the kind of event that it is counted by."""


@get("/console/insight/operations", scope="analytics:view")
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """In the tenant's time zone, by the tenant's definitions."""
    over = over_of(request)
    asked = await asked_over(over, services, principal.tenant)
    read_models = (AnswerFigures(), Contacts(), Spending())
    async with known_to(services, principal.tenant, *read_models, at_least=None) as sql:
        report = await operations(sql, principal.tenant, asked)
    return board(
        request,
        services,
        title="Operations",
        span=over,
        spans=TITLES,
        about=f"Days of {report.used.zone}.",
        cards=_cards(report),
        grids=_grids(report, times_of(asked), OVER[over].piece),
    )


def _cards(report: OperationsReport) -> list[Card]:
    x, aims = report.totals, report.targets
    return [
        Card(
            "Conversations",
            number(x.conversations),
            f"of {number(x.messages)} messages",
            rows="/console/inbox",
        ),
        Card("Customers", number(x.customers), "who wrote for the first time"),
        Card(
            "Handed over",
            number(sum(each.count for each in x.handoffs)),
            f"{number(x.releases)} given back",
            rows="/console/inbox?view=handed",
        ),
        Card(
            "Found in what is known",
            percent(x.knowledge_hit_rate),
            f"of {number(x.retrievals)} looks",
            rows="/console/insight/retrieval",
        ),
        aimed_card("From our cache", x.cache_hit_rate, aims["cache_hit_rate"], f"of {number(x.modelled)}"),
        aimed_card(
            "Rated, of those asked",
            x.collection_rate,
            aims["collection_rate"],
            f"of {number(x.prompted)}",
            rows="/console/feedback",
        ),
        Card(
            "Tokens",
            number(x.input_tokens + x.output_tokens),
            f"{number(x.output_tokens)} of them written",
            rows="/console/insight/costs",
        ),
    ]


def _grids(report: OperationsReport, times: Sequence[Times], piece: str) -> list[Grid]:
    first, firsts = Column(piece, "day"), [x.since for x in report.items]
    contacts = Grid(
        caption="What happened in conversations",
        columns=[first, *(Column(title, "number", f"{EVENTS}{kind}") for title, _, kind in CONTACTS)],
        rows=[[x.since, *(getattr(x, name) for _, name, _ in CONTACTS)] for x in report.items],
        chart="line",
        times=times,
    )
    reasons = ((x.since, words(each.name), each.count) for x in report.items for each in x.handoffs)
    handed = series("Handed over by reason", firsts, reasons, "number", "stacked", piece)
    rates = Grid(
        caption="Rates",
        columns=[
            first,
            Column("Found", "percent", "/console/insight/retrieval"),
            Column("From our cache", "percent"),
            Column("Rated", "percent", "/console/feedback"),
        ],
        rows=[[x.since, x.knowledge_hit_rate, x.cache_hit_rate, x.collection_rate] for x in report.items],
        chart="line",
        times=times,
    )
    tokens = Grid(
        caption="Tokens",
        columns=[
            first,
            Column("Read"),
            Column("Of them cached"),
            Column("Written"),
            Column("Of them thoughts"),
        ],
        rows=[
            [x.since, x.input_tokens, x.cached_tokens, x.output_tokens, x.reasoning_tokens]
            for x in report.items
        ],
        chart="line",
    )
    costs = ((x.since, each.model, each.cost) for x in report.items for each in x.models)
    return [
        contacts,
        replace(handed, times=times, columns=_leading(handed.columns, f"{EVENTS}handed_over")),
        rates,
        tokens,
        series("Cost by model", firsts, costs, "money", "stacked", piece),
        _counts("What customers wanted", "Intent", report.totals.intents),
        _models(report.totals.models),
    ]


def _leading(columns: Sequence[Column], rows: str) -> list[Column]:
    return [columns[0], *(each._replace(rows=rows) for each in columns[1:])]


def _counts(caption: str, title: str, counted: Iterable[Counted]) -> Grid:
    rows = [[words(each.name), each.count] for each in counted]
    return Grid(caption=caption, columns=[Column(title, "text"), Column("Answers")], rows=rows)


def _models(models: Iterable[ModelUse]) -> Grid:
    return Grid(
        caption="By model",
        columns=[
            Column("Model", "text"),
            Column("Kind", "text"),
            *map(Column, ("Calls", "Failed", "From our cache", "Tokens read", "Tokens written")),
            Column("Cost", "money"),
        ],
        rows=[
            [x.model, x.kind, x.calls, x.failures, x.cached_calls, x.input_tokens, x.output_tokens, x.cost]
            for x in models
        ],
    )


ROUTER = Router("/", route_handlers=[read], include_in_schema=False, exception_handlers=HANDLERS)
