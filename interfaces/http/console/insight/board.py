"""What a dashboard is made of: cards with one figure, and grids, of which some are drawn. Each chart's figures are the table below it, and a figure
leads to the rows behind it where there is a page of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec
from litestar import Request, Response

from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.console.formats import day, duration, money, number, percent
from interfaces.http.console.navigation import opens
from interfaces.http.console.page import page

SPANS: dict[int, str] = {7: "7 days", 30: "30 days", 90: "90 days"}
MOST = 6
"""Series of a chart; the smaller ones are taken together."""

OTHERS = "others"
Times = tuple[datetime, datetime]
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
    """`value` as it is written; `met`: whether it is what is aimed at. `rows`: address of those behind it."""

    title: str
    value: str
    note: str = ""
    met: bool | None = None
    rows: str = ""


class Column(NamedTuple):
    """`rows`: address of those behind its figures, which takes `since` and `until`."""

    title: str
    kind: Kind = "number"
    rows: str = ""


class Cell(NamedTuple):
    """`text`: as it is written; `rows`: address of those behind it."""

    text: Any
    value: Any
    kind: Kind
    rows: str = ""


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """`chart`: drawn above the table, by its first column; its other columns are the series, of one kind. Of days the latest is at the table's top.
    `times`: of each row, from when until before when it counts; without them its figures lead nowhere."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    chart: Literal["", "line", "bars", "stacked"] = ""
    note: str = ""
    times: Sequence[Times] = ()

    @property
    def listed(self) -> list[list[Cell]]:
        times: Sequence[Times | None] = self.times or [None] * len(self.rows)
        found = [self._cells(*each) for each in zip(self.rows, times, strict=True)]
        return found[::-1] if self.columns[0].kind == "day" else found

    def _cells(self, row: Sequence[Any], times: Times | None) -> list[Cell]:
        return [
            Cell(WRITTEN[column.kind](value), value, column.kind, _rows(column.rows, value, times))
            for column, value in zip(self.columns, row, strict=True)
        ]


def _rows(address: str, value: Any, times: Times | None) -> str:
    """Of nothing there are no rows."""
    if not address or not value or times is None:
        return ""
    start, end = (f"{each:%Y-%m-%dT%H:%M}" for each in times)
    return f"{address}{'&' if '?' in address else '?'}since={start}&until={end}"


class Choice(NamedTuple):
    """A field beside the time; `options`: value → title."""

    name: str
    label: str
    value: str
    options: Mapping[str, str]


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
    """As `series`, of (day, name, value) over all days."""
    days = [since + timedelta(days=each) for each in range((until - since).days)]
    return series(caption, days, found, kind, chart)


def series(
    caption: str,
    firsts: Sequence[date],
    found: Iterable[tuple[date, str, Any]],
    kind: Kind,
    chart: Literal["line", "stacked"] = "line",
    title: str = "Day",
) -> Grid:
    """A series for each name over all periods, which are named by their first days, of (first day, name, value); the largest `MOST` by themselves."""
    sums: dict[str, Any] = defaultdict(int)
    rows = list(found)
    for _, name, value in rows:
        sums[name] += value
    largest = sorted(sums, key=lambda name: -sums[name])[:MOST]
    titles = [*largest, *([OTHERS] if len(sums) > MOST else [])]
    places: dict[tuple[date, str], Any] = defaultdict(int)
    for on, name, value in rows:
        places[on, name if name in largest else OTHERS] += value
    return Grid(
        caption=caption,
        columns=[Column(title, "day"), *(Column(each, kind) for each in titles)],
        rows=[[on, *(places[on, each] for each in titles)] for on in firsts] if titles else [],
        chart=chart,
    )


def board(
    request: Request[Any, Any, Any],
    services: Services,
    *,
    title: str,
    span: int | str | None,
    cards: Sequence[Card],
    grids: Sequence[Grid],
    about: str = "",
    spans: Mapping[Any, str] = SPANS,
    choice: Choice | None = None,
) -> Response[Any]:
    """`span` None: a board that knows no days. `choice`: what else is chosen."""
    scopes = caller_in(request).session.principal.scopes  # type: ignore[union-attr]  # the console has nobody else
    return page(
        request,
        services,
        "insight/board.html",
        title=title,
        about=about,
        span=span,
        spans=spans,
        choice=choice,
        opens=lambda path: opens(scopes, path),
        cards=cards,
        grids=grids,
        path=request.scope["path"],
    )
