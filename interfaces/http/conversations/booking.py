"""Bookings: book, read, list, move, cancel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from application.shop.booking import BookSlot, MoveBooking, book_slot, check_slot, move_booking
from application.shop.booking_end import cancel_booking
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.times import in_utc
from domain.shop.booking import Booking, BookingStatus
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, tag
from interfaces.http.conversations.booking_forms import (
    BookingIn,
    BookingOut,
    MoveIn,
    listed,
    made_in,
    shown,
)
from interfaces.http.conversations.purchases import Key, conversation_for, id_for
from projections.bookings import BookingRow, Bookings, list_bookings


@post("/v1/bookings", status_code=201, scope="conversations:write")
async def book(
    data: JSONBody[BookingIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    request: Request[Any, Any, Any],
    idempotency_key: Key = None,
) -> Response[BookingOut]:
    """Book places of a slot for a customer; 422 where there is no such slot, or fewer places are free. Of two who want the last one, one gets it."""
    start = in_utc("start", data.start)
    assert start is not None

    async def check() -> None:
        tenant, store, clock = context.tenant, services.store, services.clock
        await check_slot(data.service, start, data.places, tenant, store=store, clock=clock)

    conversation = await conversation_for(data.customer, check, context, services)
    wanted = (conversation.hex, data.service.hex, start.isoformat(), str(data.places), data.note or "")
    command = BookSlot(
        id=await id_for(idempotency_key, "booking", wanted, request, context, services),
        conversation=conversation,
        service=data.service,
        start=start,
        places=data.places,
        note=data.note,
    )
    booking, position = await book_slot(command, context, store=services.store, clock=services.clock)
    answer = await _written(booking, position, services, context, data.note or None)
    answer.status_code = 201
    answer.headers["Location"] = f"/v1/bookings/{booking.id}"
    return answer


Since = Annotated[datetime | None, QueryParameter(description="Begins at this time (RFC 3339) or later.")]
Until = Annotated[datetime | None, QueryParameter(description="Begins at this time (RFC 3339) or before.")]


@get("/v1/bookings", scope="conversations:read")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    conversation: FromQuery[UUID | None] = None,
    service: FromQuery[UUID | None] = None,
    status: FromQuery[BookingStatus | None] = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[BookingOut]:
    """Bookings, the latest to come first; those of a customer by the id of their conversation."""
    tenant = principal.tenant
    since, until = in_utc("since", since), in_utc("until", until)
    pager = Pager(services, tenant, Place, "bookings", conversation, service, status, since, until)
    before = await pager.place(cursor)
    async with services.reads.at(tenant, Bookings(), at_least) as sql:
        rows = await list_bookings(
            sql,
            tenant,
            conversation=conversation,
            service=service,
            status=status,
            since=since,
            until=until,
            before=before,
            limit=limit + 1,
        )
    events = await services.store.several(tenant, sorted(row.made for row in rows))

    def told(row: BookingRow) -> BookingOut:
        return listed(row, made_in(events[row.made].event))

    return await pager.page(rows, limit, told, lambda row: Place(row.start, row.booking))


@get("/v1/bookings/{booking:uuid}", scope="conversations:read")
async def read(
    booking: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[BookingOut]:
    """A booking as it is now, read from the log itself."""
    found = await services.store.load(Booking, booking, tenant=principal.tenant)
    found.existing()
    async for first in services.store.stream(principal.tenant, booking, limit=1):
        return Response(shown(found, made_in(first.event).note), headers=tag(found.version))
    raise AssertionError("unreachable")


@post(
    "/v1/bookings/{booking:uuid}/move",
    status_code=200,
    scope="conversations:write",
    versioned=named("booking"),
)
async def move(
    booking: FromPath[UUID],
    data: JSONBody[MoveIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[BookingOut]:
    """Move a booking to another slot of its service, for the same price; where there is no room it stays where it is: 422."""
    start = in_utc("start", data.start)
    assert start is not None
    command = MoveBooking(booking=booking, start=start)
    found, position = await move_booking(command, context, store=services.store, clock=services.clock)
    return await _written(found, position, services, context)


@post(
    "/v1/bookings/{booking:uuid}/cancel",
    status_code=200,
    scope="conversations:write",
    versioned=named("booking"),
)
async def cancel(
    booking: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[BookingOut]:
    """Cancel a booking; its places are free at once."""
    found, position = await cancel_booking(booking, context, store=services.store, clock=services.clock)
    return await _written(found, position, services, context)


async def _written(
    booking: Booking, position: int, services: Services, context: Context, note: str | None = None
) -> Response[BookingOut]:
    headers = await written(services, context.tenant, position, booking.version)
    return Response(shown(booking, note), headers=headers)


ROUTER = Router("/", route_handlers=[book, list_all, read, move, cancel], tags=["shop"])
