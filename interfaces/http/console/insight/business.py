"""Business: what the agent is worth, by day, week or month: satisfaction, sales, cost, time saved, return on investment."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.formats import money, number, percent
from interfaces.http.console.insight.board import Card, Column, Grid, board
from interfaces.http.console.insight.over import OVER, TITLES, asked_over, over_of, times_of
from interfaces.http.console.insight.quality import aimed_card
from interfaces.http.insight.asking import known_to
from projections.answer_figures import AnswerFigures
from projections.asked import Asked
from projections.business import BusinessFigures, BusinessReport, business
from projections.contacts import Contacts
from projections.sales import Sales
from projections.spending import Spending

EVENTS = "/console/events?kind="
BOUGHT, BOOKED = f"{EVENTS}order.placed", f"{EVENTS}booking.made"
RATED, BEGUN = "/console/feedback", f"{EVENTS}conversation.message_received"


@get("/console/insight/business", scope="analytics:view")
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """In the tenant's time zone, by the tenant's definitions and inputs."""
    over = over_of(request)
    asked = await asked_over(over, services, principal.tenant)
    read_models = (AnswerFigures(), Contacts(), Sales(), Spending())
    async with known_to(services, principal.tenant, *read_models, at_least=None) as sql:
        report = await business(sql, principal.tenant, asked)
    return board(
        request,
        services,
        title="Business",
        span=over,
        spans=TITLES,
        about=f"Days of {report.used.zone}, by version {report.used.version} of the definitions and inputs; money in USD.",
        cards=_cards(report),
        grids=_grids(report, asked, OVER[over].piece),
    )


def _cards(report: BusinessReport) -> list[Card]:
    x = report.totals
    saved = f"worth {money(x.saved_value)}" if x.saved_value is not None else "no cost of an hour is set"
    left_out = f", without {', '.join(x.unconverted)}, which have no rate" if x.unconverted else ""
    return [
        aimed_card("Satisfied", x.csat, report.targets["csat"], f"ratings: {x.csat_rated}", rows=RATED),
        Card("Conversations", number(x.conversations), rows="/console/inbox"),
        Card(
            "Conversions",
            number(x.conversions),
            f"{percent(x.conversion_rate)} of conversations; {x.purchases} purchases, {x.bookings} bookings",
        ),
        Card("Revenue", money(x.revenue), f"of conversions{left_out}"),
        Card(
            "Cost",
            money(x.cost),
            f"{money(x.provider_cost)} of providers, {money(x.fixed_cost)} fixed",
            rows="/console/insight/costs",
        ),
        Card("Cost of a conversation", money(x.cost_per_conversation), "of its answers"),
        Card("Time saved", f"{number(x.minutes_saved)} minutes", saved),
        Card("Return on investment", percent(x.return_on_investment)),
    ]


def _grids(report: BusinessReport, asked: Asked, piece: str) -> list[Grid]:
    times = times_of(asked)

    def grid(caption: str, columns: list[Column], row: Any, chart: Any = "line") -> Grid:
        rows = [[x.since, *row(x)] for x in report.items]
        return Grid(
            caption=caption, columns=[Column(piece, "day"), *columns], rows=rows, chart=chart, times=times
        )

    return [
        grid(
            "Conversations and conversions",
            [
                Column("Conversations", "number", BEGUN),
                Column("Purchases", "number", BOUGHT),
                Column("Bookings", "number", BOOKED),
            ],
            lambda x: [x.conversations, x.purchases, x.bookings],
        ),
        grid(
            "Rates",
            [Column("Satisfied", "percent", RATED), Column("Conversion", "percent")],
            lambda x: [x.csat, x.conversion_rate],
        ),
        grid(
            "Revenue, cost and what time saved is worth",
            [Column("Revenue", "money"), Column("Cost", "money"), Column("Time saved", "money")],
            lambda x: [x.revenue, x.cost, x.saved_value],
        ),
        grid("Cost of a conversation", [Column("Each", "money")], lambda x: [x.cost_per_conversation]),
        _sold(report.totals),
    ]


def _sold(x: BusinessFigures) -> Grid:
    """In their own currencies, so these have no sum."""
    heads = ("Made", "After an answer", "Cancelled", "Cancelled after an answer")
    amounts = ("Amount", "Of those after an answer", "Of those cancelled")
    return Grid(
        caption="What was sold",
        columns=[
            Column("Kind", "text"),
            Column("Currency", "text"),
            *map(Column, heads),
            *map(Column, amounts),
        ],
        rows=[
            [
                each.kind.capitalize(),
                each.currency,
                each.made,
                each.attributed,
                each.cancelled,
                each.cancelled_attributed,
                each.amount,
                each.attributed_amount,
                each.cancelled_amount,
            ]
            for each in x.sales
        ],
        note="After an answer: within 24 hours after one of the agent's, with no person's reply between.",
    )


ROUTER = Router("/", route_handlers=[read], include_in_schema=False, exception_handlers=HANDLERS)
