"""Services: add, read, list, change, delete."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from application.shop.service import add_service, change_service, delete_service
from application.tenancy.authentication import Principal
from application.tenancy.time_zone import time_zone_of
from domain.base.context import Context
from domain.shop.availability import Availability, DateWindows, WeeklyWindow
from domain.shop.service import Service, ServiceFacts
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, tag
from interfaces.http.shop.offer import Category, OfferIn, Tag, facts_of, ids_among, told
from projections import services as read_model


class AvailabilityIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times are those of `time_zone` (IANA); null: as it is, and of a new service the tenant's. Slots of `duration_minutes` begin every `every_minutes` (null: one after the other) within the windows of
    the day: those of its date in `exceptions`, where it stands there, else the `weekly` ones. `capacity`: places at any moment. One books at least
    `lead_minutes` and at most `horizon_days` ahead."""

    time_zone: Annotated[str, Meta(max_length=64)] | None = None
    duration_minutes: Annotated[int, Meta(ge=5, le=1440)]
    every_minutes: Annotated[int, Meta(ge=5, le=1440)] | None = None
    capacity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    lead_minutes: Annotated[int, Meta(ge=0, le=527_040)] = 0
    horizon_days: Annotated[int, Meta(ge=1, le=730)] = 365
    weekly: Annotated[tuple[WeeklyWindow, ...], Meta(max_length=200)] = ()
    exceptions: Annotated[tuple[DateWindows, ...], Meta(max_length=400)] = ()


class ServiceIn(OfferIn, kw_only=True, forbid_unknown_fields=True):
    """`price`: of one place. What is left out is empty from then on."""

    availability: AvailabilityIn


class ServiceOut(msgspec.Struct, frozen=True, kw_only=True):
    """`price` of one place, a decimal number as text."""

    id: UUID
    name: str
    description: str
    price: str
    currency: str
    category: str
    tags: tuple[str, ...]
    images: tuple[str, ...]
    active: bool
    complements: tuple[UUID, ...]
    availability: Availability


@post("/v1/catalog/services", status_code=201, scope="integrations:manage")
async def add(
    data: JSONBody[ServiceIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ServiceOut]:
    """Add a service to the catalogue."""
    zone = await time_zone_of(context.tenant, data.availability.time_zone, store=services.store)
    service, position = await add_service(
        _facts(data, zone), context, store=services.store, clock=services.clock, ids=services.ids
    )
    answer = await _written(service, position, services, context)
    answer.status_code = 201
    answer.headers["Location"] = f"/v1/catalog/services/{service.id}"
    return answer


@get("/v1/catalog/services", scope="integrations:manage")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    category: Category = None,
    tag: Tag = None,
    active: FromQuery[bool | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[ServiceOut]:
    """Services, the newest first."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "services", category, tag, active)
    before = await pager.place(cursor)
    among = await ids_among("service", category, tag, tenant, services, at_least)
    async with services.reads.at(tenant, read_model.Services(), at_least) as sql:
        rows = await read_model.list_services(
            sql, tenant, among=among, active=active, before=before, limit=limit + 1
        )
    events = await services.store.several(tenant, sorted({row.facts for row in rows}))

    def shown(row: read_model.ServiceRow) -> ServiceOut:
        event = events[row.facts].event
        assert isinstance(event, Service.Created | Service.Changed)
        return ServiceOut(id=row.service, **told(event.facts))

    return await pager.page(rows, limit, shown, lambda row: Place(row.created_at, row.service))


@get("/v1/catalog/services/{service:uuid}", scope="integrations:manage")
async def read(
    service: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ServiceOut]:
    """A service as it is now, read from the log itself."""
    found = await services.store.load(Service, service, tenant=principal.tenant)
    return Response(ServiceOut(id=service, **told(found.existing())), headers=tag(found.version))


@put("/v1/catalog/services/{service:uuid}", scope="integrations:manage", versioned=named("service"))
async def replace(
    service: FromPath[UUID],
    data: JSONBody[ServiceIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[ServiceOut]:
    """Change what a service is, costs, and when it can be had; what was booked stays booked. Its time zone is for good."""
    zone = data.availability.time_zone
    if zone is None:
        known = await services.store.load(Service, service, tenant=context.tenant)
        zone = known.existing().availability.time_zone
    found, position = await change_service(
        service,
        _facts(data, zone),
        context,
        store=services.store,
        vectors=services.vectors,
        clock=services.clock,
    )
    return await _written(found, position, services, context)


@delete(
    "/v1/catalog/services/{service:uuid}",
    status_code=204,
    scope="integrations:manage",
    versioned=named("service"),
)
async def remove(
    service: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Take a service out of the catalogue; what was booked stays booked."""
    position = await delete_service(
        service, context, store=services.store, vectors=services.vectors, clock=services.clock
    )
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


async def _written(
    service: Service, position: int, services: Services, context: Context
) -> Response[ServiceOut]:
    headers = await written(services, context.tenant, position, service.version)
    return Response(ServiceOut(id=service.id, **told(service.existing())), headers=headers)


def _facts(data: ServiceIn, zone: str) -> ServiceFacts:
    availability = Availability(**{**msgspec.structs.asdict(data.availability), "time_zone": zone})
    return ServiceFacts(availability=availability, **facts_of(data))


ROUTER = Router("/", route_handlers=[add, list_all, read, replace, remove], tags=["shop"])
