"""Quality: ratings, completion, handoff and response times, by day, week or month, and of each model, provider, arm, channel, intent."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from msgspec.structs import replace

from application.tenancy.authentication import Principal
from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.formats import duration, number, percent
from interfaces.http.console.insight.board import Card, Choice, Column, Grid, board
from interfaces.http.console.insight.over import OVER, TITLES, asked_over, over_of, times_of
from projections.answer_figures import AnswerFigures
from projections.asked import Asked, Per, Target
from projections.quality import QualityFigures, QualityReport, quality

MOST_ROWS = 50
PARTS: dict[Per, str] = {
    "model": "Model",
    "provider": "Provider",
    "deployment": "Arm of a deployment",
    "experiment": "Arm of an experiment",
    "channel": "Channel",
    "intent": "Intent",
}
RATED, ANSWERED = "/console/feedback", "/console/events?kind=conversation.answered"
HANDED = "/console/events?kind=conversation.handed_over"


@get("/console/insight/quality", scope="analytics:view")
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """In the tenant's time zone, by the tenant's definitions; `per` in the query: of each of what."""
    over, per = over_of(request), _per(request)
    asked = await asked_over(over, services, principal.tenant)
    report, parts = await figures(services, principal, asked, "tenant", per)
    return board(
        request,
        services,
        title="Quality",
        span=over,
        spans=TITLES,
        choice=Choice("per", "Beside each other", per, {str(name): title for name, title in PARTS.items()}),
        about=f"Days of {report.used.zone}, by version {report.used.version} of the definitions.",
        cards=quality_cards(report),
        grids=[*_over_time(report, asked, OVER[over].piece), _of_each(parts, PARTS[per])],
    )


def _per(request: Request[Any, Any, Any]) -> Per:
    name = request.query_params.get("per", "model")
    per = next((each for each in PARTS if each == name), None)
    if per is None:
        raise Invalid(f"per is one of {', '.join(PARTS)}")
    return per


def _over_time(report: QualityReport, asked: Asked, piece: str) -> list[Grid]:
    first, times = Column(piece, "day"), times_of(asked)
    counts, rates = ("Answers", "Failed"), ("Helpful", "Complete", "Handed over")
    leads = {"Answers": ANSWERED, "Helpful": f"{RATED}?rating=helpful", "Handed over": HANDED}
    return [
        Grid(
            caption="Rates",
            columns=[first, *(Column(title, "percent", leads.get(title, "")) for title in rates)],
            rows=[[x.since, x.positive_rate, x.completion_rate, x.handoff_rate] for x in report.items],
            chart="line",
            times=times,
        ),
        Grid(
            caption="Response time",
            columns=[first, Column("Median", "duration"), Column("95th", "duration")],
            rows=[[x.since, x.p50_response_ms, x.p95_response_ms] for x in report.items],
            chart="line",
        ),
        Grid(
            caption="Answers",
            columns=[first, *(Column(title, "number", leads.get(title, "")) for title in counts)],
            rows=[[x.since, x.answers, x.failed] for x in report.items],
            chart="line",
            times=times,
        ),
    ]


def _of_each(report: QualityReport, title: str) -> Grid:
    rates = ("Helpful", "Complete", "Handed over")
    return Grid(
        caption=f"By {title[:1].lower()}{title[1:]}",
        columns=[
            Column(title, "text"),
            Column("Answers"),
            Column("Rated"),
            *(Column(each, "percent") for each in rates),
            Column("Median", "duration"),
            Column("95th", "duration"),
        ],
        rows=[_row(x) for x in sorted(report.totals, key=lambda x: -x.answers)[:MOST_ROWS]],
        note=f"The {MOST_ROWS} with most answers." if len(report.totals) > MOST_ROWS else "",
    )


async def figures(services: Services, principal: Principal, asked: Asked, *pers: Per) -> list[QualityReport]:
    """For each of `pers`; of the whole tenant by period, of each part of it over all days."""
    over_all = replace(asked, by="all")
    async with services.reads.at(principal.tenant, AnswerFigures()) as sql:
        return [
            await quality(sql, principal.tenant, asked if per == "tenant" else over_all, per) for per in pers
        ]


def quality_cards(report: QualityReport) -> list[Card]:
    """Of all days together, beside what is aimed at."""
    if not report.totals:
        return []
    (total,) = report.totals
    return [
        Card("Answers", number(total.answers), f"{number(total.failed)} messages got none"),
        aimed_card(
            "Rated helpful",
            total.positive_rate,
            report.targets["positive_rate"],
            f"ratings: {total.rated}",
            RATED,
        ),
        aimed_card("Complete", total.completion_rate, report.targets["completion_rate"]),
        aimed_card(
            "Handed over",
            total.handoff_rate,
            report.targets["handoff_rate"],
            rows="/console/inbox?view=handed",
        ),
        Card("Response time", duration(total.p50_response_ms), f"95th: {duration(total.p95_response_ms)}"),
    ]


def aimed_card(title: str, rate: float | None, target: Target, note: str = "", rows: str = "") -> Card:
    """A rate, beside what is aimed at."""
    if target.above is not None:
        aim, met = f"aimed at above {percent(target.above, 0)}", rate is not None and rate > target.above
    else:
        below = target.below or 0.0
        aim, met = f"aimed at below {percent(below, 0)}", rate is not None and rate < below
    return Card(
        title,
        percent(rate),
        f"{note + ', ' if note else ''}{aim}",
        met if rate is not None else None,
        rows,
    )


def _row(x: QualityFigures) -> list[Any]:
    rates = [x.positive_rate, x.completion_rate, x.handoff_rate]
    return [x.value or "none", x.answers, x.rated, *rates, x.p50_response_ms, x.p95_response_ms]


ROUTER = Router("/", route_handlers=[read], include_in_schema=False, exception_handlers=HANDLERS)
