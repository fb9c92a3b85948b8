"""Services: added, changed, deleted; the slots of which places are open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec

from application.ports import Clock, Ids, Store, Vectors
from application.shop.complements import check_complements
from application.shop.indexing import change_offer, indexing
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound
from domain.shop.availability import Availability, Slot, bookable, open_days, slots_on
from domain.shop.occupancy import Occupancy
from domain.shop.service import Service, ServiceFacts
from domain.shop.service_day import ServiceDay, service_day_of

LONGEST = 31
"""Days of which slots are shown at once."""


class OpenSlot(msgspec.Struct, frozen=True, kw_only=True):
    """`free`: places, one at least."""

    slot: Slot
    free: int


async def add_service(
    facts: ServiceFacts, context: Context, *, store: Store, clock: Clock, ids: Ids
) -> tuple[Service, int]:
    """And its position. Raises Invalid."""
    await check_complements(facts, (), context.tenant, store=store)
    service = Service.add(ids(), facts, at=clock())
    saved = await store.save(service, context=context, work=indexing(service, clock))
    return service, saved.position


async def change_service(
    id: UUID, facts: ServiceFacts, context: Context, *, store: Store, vectors: Vectors, clock: Clock
) -> tuple[Service, int]:
    """And its position, 0 where the same was said before. Raises Invalid, NotFound, Refused."""
    known = (await store.load(Service, id, tenant=context.tenant)).existing().complements
    await check_complements(facts, known, context.tenant, store=store)
    return await change_offer(
        Service,
        id,
        lambda service: service.change(facts, clock()),
        context,
        store=store,
        vectors=vectors,
        clock=clock,
    )


async def delete_service(id: UUID, context: Context, *, store: Store, vectors: Vectors, clock: Clock) -> int:
    """Its position. What was booked stays booked. Raises NotFound."""
    _, position = await change_offer(
        Service,
        id,
        lambda service: service.remove(clock()),
        context,
        store=store,
        vectors=vectors,
        clock=clock,
    )
    return position


async def open_slots(
    id: UUID, first: date | None, last: date | None, places: int, tenant: UUID, *, store: Store, clock: Clock
) -> tuple[Availability, Sequence[OpenSlot]]:
    """Those of the days there from `first` (today) to `last` (six days later) that can be booked now and have so many places, as the log has it.

    Raises Invalid, NotFound, Refused.
    """
    given = (await store.load(Service, id, tenant=tenant)).offered()
    now = clock()
    earliest, latest = open_days(given, now)
    begin, end = _days(first, last, earliest + timedelta(days=1))
    days = [
        begin + timedelta(days=n)
        for n in range((end - begin).days + 1)
        if earliest <= begin + timedelta(days=n) <= latest
    ]
    taken = await asyncio.gather(*(_occupancy(id, day, tenant, store) for day in days))
    found = []
    for day, occupancy in zip(days, taken, strict=True):
        for slot in slots_on(given, day):
            free = given.capacity - occupancy.most(slot.start, slot.end)
            if free >= places and bookable(slot, given, now):
                found.append(OpenSlot(slot=slot, free=free))
    return given, found


def _days(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Raises Invalid."""
    begin = first if first is not None else today if last is None else min(today, last)
    if last is None:
        last = begin + timedelta(days=min(6, (date.max - begin).days))
    if begin > last or (last - begin).days >= LONGEST:
        raise Invalid(f"from must not be after to, and name at most {LONGEST} days with it")
    return begin, last


async def _occupancy(service: UUID, day: date, tenant: UUID, store: Store) -> Occupancy:
    try:
        return (await store.load(ServiceDay, service_day_of(service, day), tenant=tenant)).occupancy
    except NotFound:
        return Occupancy(())
