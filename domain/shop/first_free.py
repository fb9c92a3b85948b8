"""The first slot of a service that can be booked and has a place. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.shop.availability import DAY, Availability, Slot, bookable, open_days, slots_on
from domain.shop.occupancy import Held, Occupancy


def first_free(given: Availability, held: Iterable[Held], now: datetime, within: timedelta) -> Slot | None:
    """None: there is none that begins `within` that time. `held`: places that are taken in it."""
    taken = Occupancy(held)
    day, last = open_days(given, now)
    last = min(last, day + within + 2 * DAY)
    while day <= last:
        for slot in slots_on(given, day):
            free = given.capacity - taken.most(slot.start, slot.end)
            if free > 0 and bookable(slot, given, now) and slot.start - now <= within:
                return slot
        day += DAY
    return None
