"""The tenant's time zone, which holds wherever a setting or a request names no other one."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, Router, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.tenancy.authentication import Principal
from application.tenancy.time_zone import SetTimeZone, read_time_zone, set_time_zone
from domain.base.context import Context
from domain.tenancy.time_zone import TimeZone
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag


class TimeZoneIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`time_zone`: by its name in the IANA database, as Europe/Berlin, or UTC."""

    time_zone: Annotated[str, Meta(min_length=1, max_length=64)]


class TimeZoneOut(msgspec.Struct, frozen=True, kw_only=True):
    """`version` 0: nothing was ever set, and UTC holds."""

    time_zone: str
    version: int


@get("/v1/time-zone", scope="analytics:view")
async def read(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[TimeZoneOut]:
    """Whose clock holds for analytics, feedback's days, campaigns and new services where they name no other one."""
    found = await read_time_zone(principal.tenant, store=services.store)
    return Response(TimeZoneOut(time_zone=found.zone, version=found.version), headers=tag(found.version))


@put("/v1/time-zone", scope="integrations:manage", versioned=one(TimeZone.id_of))
async def replace(
    data: JSONBody[TimeZoneIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[TimeZoneOut]:
    """Set it. It holds within a second wherever no other one is named; what names its own keeps that."""
    command = SetTimeZone(zone=data.time_zone)
    made = await set_time_zone(command, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, made.position, made.version)
    return Response(TimeZoneOut(time_zone=made.zone, version=made.version), headers=headers)


ROUTER = Router("/", route_handlers=[read, replace], tags=["tenants"])
