"""`GET /v1/audit/states/{kind}/{id}`: what was so at a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from application.audit.history import LAST, Point, StateShown, state_at
from application.audit.reading import LogRead, record_read
from domain.base.context import Context
from interfaces.bootstrap import Services


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
    """The state of an aggregate (tenant, agent, conversation, document, audit), now or at one moment. It is recorded."""
    point = Point(version=version, position=position, at=at)
    found = await state_at(kind, id, point, tenant=context.tenant, store=services.store)
    filters = {"stream": found.stream, "version": str(found.version)}
    reading = LogRead(route="GET /v1/audit/states", filters=filters, events=found.version)
    await record_read(reading, context, store=services.store, clock=services.clock)
    return found


ROUTER = Router("/", route_handlers=[read], tags=["audit"])
