"""`GET /v1/audit/states/{kind}/{id}`: what was so at a moment, and what has changed from one to another."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from application.audit.history import (
    LAST,
    Changes,
    Point,
    StateShown,
    changes_between,
    point_of,
    state_at,
)
from application.audit.reading import LogRead, record_read
from domain.base.context import Context
from interfaces.bootstrap import Services

POINT = "a version (3), a position of the log (@120) or a time (RFC 3339)"


@get("/v1/audit/states/{kind:str}/{id:uuid}", scope="audit:read")
async def read(
    kind: FromPath[str],
    id: FromPath[UUID],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    version: Annotated[int | None, QueryParameter(ge=1, le=LAST, description="As of this version.")] = None,
    position: Annotated[
        int | None, QueryParameter(ge=1, le=2**62, description="As of this position of the log.")
    ] = None,
    at: Annotated[datetime | None, QueryParameter(description="As of this time (RFC 3339).")] = None,
) -> StateShown:
    """The state of an aggregate of any kind, as `conversation` or `agent`, now or at one moment. It is recorded."""
    point = Point(version=version, position=position, at=at)
    found = await _state(kind, id, point, services, context)
    await _record("GET /v1/audit/states", services, context, found)
    return found


@get("/v1/audit/states/{kind:str}/{id:uuid}/changes", scope="audit:read")
async def changes(
    kind: FromPath[str],
    id: FromPath[UUID],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    before: Annotated[
        str, QueryParameter(name="from", max_length=40, description=f"The earlier state: {POINT}.")
    ],
    after: Annotated[
        str | None,
        QueryParameter(name="to", max_length=40, description=f"The later one: {POINT}; without it: now."),
    ] = None,
) -> Changes:
    """What changed in an aggregate of any kind between two moments, path by path. It is recorded."""
    then, now = point_of(before), Point() if after is None else point_of(after)
    old, new = [await _state(kind, id, point, services, context) for point in (then, now)]
    await _record("GET /v1/audit/states/changes", services, context, old, new)
    return changes_between(old, new)


async def _state(kind: str, id: UUID, point: Point, services: Services, context: Context) -> StateShown:
    end = await services.reads.head(context.tenant)
    return await state_at(kind, id, point, tenant=context.tenant, end=end, store=services.store)


async def _record(route: str, services: Services, context: Context, *shown: StateShown) -> None:
    """Put it on record that these states of one stream were read."""
    versions = ", ".join(str(each.version) for each in shown)
    filters = {"stream": shown[0].stream, "version": versions}
    reading = LogRead(route=route, filters=filters, events=max(each.version for each in shown))
    await record_read(reading, context, store=services.store, clock=services.clock)


ROUTER = Router("/", route_handlers=[read, changes], tags=["audit"])
