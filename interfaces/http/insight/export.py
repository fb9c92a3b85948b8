"""Views as files: whole, of a time, or what may have changed since the export before."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from application.base.in_work import waits_long
from application.tenancy.authentication import Principal
from domain.base.errors import Ahead, Invalid, NotFound, Refused
from domain.base.times import in_utc
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.pages import Page
from interfaces.http.base.position import LONGEST, AtLeast
from interfaces.http.base.stream import GuardedStream
from interfaces.http.insight.export_forms import DIGITS, MEDIA, SCALE, Format, form_of
from projections.base import Row
from projections.views import VIEWS, View
from projections.views.reading import Part, beyond, changed_streams, page_of, rows_of_streams
from projections.views.view import Type

PAGE = 5000
"""Rows that are read, and held, at a time."""

STREAMS = 1000
"""Streams whose rows are read at a time."""

POSITION = "Retrace-Export-Position"
BY_NAME = {view.name: view for view in VIEWS}

ViewName = Annotated[
    str, PathParameter(max_length=63, description="A view, as GET /v1/analytics/views lists them.")
]
Since = Annotated[datetime | None, QueryParameter(description="Rows of this time (RFC 3339) or later.")]
Until = Annotated[datetime | None, QueryParameter(description="Rows of before this time (RFC 3339).")]
SincePosition = Annotated[
    int | None,
    QueryParameter(
        ge=0,
        le=LONGEST,
        description=f"Only rows that may have changed behind this position, which the export before answered with ({POSITION}). "
        "Figures by day, and others that follow from many streams, come whole.",
    ),
]
FormatIn = Annotated[Format, QueryParameter(description="csv, json, or parquet.")]


class ColumnOut(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    type: Type
    what: str


class ViewOut(msgspec.Struct, frozen=True, kw_only=True):
    """`key`: what tells its rows apart. `time`: what `since` and `until` go by. `follows`: whether an export since a position has only
    what may have changed."""

    name: str
    what: str
    key: tuple[str, ...]
    time: str | None
    follows: bool
    columns: tuple[ColumnOut, ...]


@get("/v1/analytics/views", scope="analytics:view")
async def list_views() -> Page[ViewOut]:
    """The views that can be exported, and that analysts' logins read, on one page."""
    return Page([_shown(view) for view in VIEWS], None)


@get("/v1/analytics/export/{view:str}", scope="analytics:view", media_type="text/csv")
async def export(
    view: ViewName,
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    format: FormatIn = "csv",
    since: Since = None,
    until: Until = None,
    since_position: SincePosition = None,
    at_least: AtLeast = None,
) -> GuardedStream:
    """A view's rows, with its columns, as a file of any length.

    The header `Retrace-Export-Position` says how far it goes: the next export goes on with it as `since_position`, and whoever puts both together by the
    view's key has all. An answer that was cut off has no last chunk, which every client tells as an error.
    """
    found = _view(view)
    part = Part(since=in_utc("since", since), until=in_utc("until", until))
    if found.time is None and (since or until):
        raise Invalid(f"{view} has no time that since and until could go by; leave them out")
    tenant = principal.tenant
    async with services.reads.at(tenant, found.projection(), at_least) as sql:
        tall = format == "parquet" and await beyond(sql, found, tenant, part, scale=SCALE, digits=DIGITS)
    if tall:
        raise Refused(
            f"a number has more digits than Parquet's decimals, {DIGITS} with {SCALE} after the point; take csv or json"
        )
    position = await position_of([found], tenant, services)
    if since_position is not None and since_position > (end := await services.reads.head(tenant)):
        raise Ahead(since_position, end)
    form = form_of(format, found, position)
    access = access_control.enter(request)
    waits_long()

    async def parts() -> AsyncGenerator[bytes, None]:
        async for rows, _ in pages(found, tenant, services, part, since=since_position, until=position):
            if ready := form.rows(rows):
                yield ready
        yield form.end()

    headers = {POSITION: str(position), "Content-Disposition": f'attachment; filename="{view}.{format}"'}
    return GuardedStream(parts(), access, last_word=None, media_type=MEDIA[format], headers=headers)


async def position_of(views: list[View], tenant: UUID, services: Services) -> int:
    """How far the read models of all these views have come, so that what is read from now on has all up to it."""
    names = {view.projection.name for view in views}
    found = [lag.position for lag in await services.reads.lags(tenant) if lag.projection in names]
    return min(found, default=0)


async def pages(
    view: View, tenant: UUID, services: Services, part: Part, *, since: int | None, until: int
) -> AsyncGenerator[tuple[list[Row], list[UUID]], None]:
    """Rows, and the streams that they may follow from; without `since`, or where a view follows from many streams, all rows and no streams."""
    if since is None or view.stream is None:
        after: Row | None = None
        while True:
            async with services.reads.at(tenant, view.projection()) as sql:
                rows = await page_of(sql, view, tenant, part, after=after, limit=PAGE)
            if rows:
                yield rows, []
            if len(rows) < PAGE:
                return
            after = rows[-1]
    last: UUID | None = None
    while True:
        async with services.reads.at(tenant, view.projection()) as sql:
            streams = await changed_streams(
                sql, view, tenant, since=since, until=until, after=last, limit=STREAMS
            )
            rows = await rows_of_streams(sql, view, tenant, part, streams) if streams else []
        if streams:
            yield rows, streams
        if len(streams) < STREAMS:
            return
        last = streams[-1]


def _view(name: str) -> View:
    if name not in BY_NAME:
        raise NotFound(f"there is no view {name!r}; GET /v1/analytics/views lists them")
    return BY_NAME[name]


def _shown(view: View) -> ViewOut:
    return ViewOut(
        name=view.name,
        what=view.what,
        key=view.key,
        time=view.time,
        follows=view.stream is not None,
        columns=tuple(ColumnOut(name=each.name, type=each.type, what=each.what) for each in view.columns),
    )


ROUTER = Router("/", route_handlers=[list_views, export], tags=["analytics"])
