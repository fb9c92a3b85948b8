"""What a dashboard is made of: cards with one figure, and grids, of which some are drawn. Each chart's figures are the table below it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

import msgspec
from litestar import Request, Response

from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.console.formats import day, duration, money, number, percent
from interfaces.http.console.page import page

SPANS: dict[int, str] = {7: "7 days", 30: "30 days", 90: "90 days"}
MOST = 6
"""Series of a chart; the smaller ones are taken together."""

OTHERS = "others"
Kind = Literal["text", "day", "number", "money", "percent", "duration"]
WRITTEN: dict[Kind, Callable[[Any], Any]] = {
    "text": lambda value: "–" if value is None else value,
    "day": day,
    "number": number,
    "money": money,
    "percent": percent,
    "duration": duration,
}


class Card(NamedTuple):
    """`value` as it is written; `aim`: what it is to be, and whether it is."""

    title: str
    value: str
    note: str = ""
    met: bool | None = None


class Column(NamedTuple):
    title: str
    kind: Kind = "number"


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """`chart`: drawn above the table, by its first column; its other columns are the series, of one kind. Of days the latest is at the table's top."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    chart: Literal["", "line", "bars", "stacked"] = ""
    note: str = ""

    @property
    def listed(self) -> Sequence[Sequence[Any]]:
        return self.rows[::-1] if self.columns[0].kind == "day" else self.rows

    def cells(self, row: Sequence[Any]) -> list[tuple[Any, Any, Kind]]:
        """Each as it is written, the plain value, and its kind."""
        return [
            (WRITTEN[column.kind](value), value, column.kind)
            for column, value in zip(self.columns, row, strict=True)
        ]


def span_of(request: Request[Any, Any, Any]) -> int:
    """Days that are asked for. Raises Invalid."""
    text = request.query_params.get("days", "30")
    if not text.isascii() or not text.isdigit() or int(text) not in SPANS:
        raise Invalid(f"days is one of {', '.join(map(str, SPANS))}")
    return int(text)


def since_of(services: Services, span: int) -> tuple[date, date]:
    """The first of so many days (UTC), today included, and the day after the last."""
    end = services.clock().date() + timedelta(days=1)
    return end - timedelta(days=span), end


def by_day(
    caption: str,
    found: Iterable[tuple[date, str, Any]],
    since: date,
    until: date,
    kind: Kind,
    chart: Literal["line", "stacked"] = "line",
) -> Grid:
    """A series for each name over all days, of (day, name, value); the largest `MOST` by themselves."""
    sums: dict[str, Any] = defaultdict(int)
    rows = list(found)
    for _, name, value in rows:
        sums[name] += value
    largest = sorted(sums, key=lambda name: -sums[name])[:MOST]
    titles = [*largest, *([OTHERS] if len(sums) > MOST else [])]
    places: dict[tuple[date, str], Any] = defaultdict(int)
    for on, name, value in rows:
        places[on, name if name in largest else OTHERS] += value
    days = [since + timedelta(days=each) for each in range((until - since).days)]
    return Grid(
        caption=caption,
        columns=[Column("Day", "day"), *(Column(title, kind) for title in titles)],
        rows=[[on, *(places[on, title] for title in titles)] for on in days] if titles else [],
        chart=chart,
    )


def board(
    request: Request[Any, Any, Any],
    services: Services,
    *,
    title: str,
    span: int | None,
    cards: Sequence[Card],
    grids: Sequence[Grid],
    about: str = "",
) -> Response[Any]:
    """`span` None: a board that knows no days."""
    return page(
        request,
        services,
        "insight/board.html",
        title=title,
        about=about,
        span=span,
        spans=SPANS,
        cards=cards,
        grids=grids,
        path=request.scope["path"],
    )
