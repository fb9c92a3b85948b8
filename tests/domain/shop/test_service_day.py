"""A service's day: by any way of booking, moving and cancelling no more places are taken at any moment than there are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit.shop_checks import no_slot_goes_below_zero
from domain.base.errors import Refused
from domain.base.recorded import Recorded
from domain.shop.availability import Availability, Slot
from domain.shop.service import Service, ServiceFacts
from domain.shop.service_day import ServiceDay

AT = datetime(2026, 11, 29, tzinfo=UTC)
DAY = date(2026, 12, 7)
MIDNIGHT = datetime(2026, 12, 7, tzinfo=UTC)


def _slot(start: int, minutes: int) -> Slot:
    begins = MIDNIGHT + timedelta(minutes=start)
    return Slot(day=DAY, start=begins, end=begins + timedelta(minutes=minutes))


def _service(capacity: int) -> Service:
    availability = Availability(time_zone="UTC", duration_minutes=30, capacity=capacity)
    facts = ServiceFacts(name="x", price=Decimal(1), currency="EUR", availability=availability)
    return Service.add(uuid4(), facts, at=AT)


STEPS = st.lists(
    st.tuples(st.integers(0, 7), st.booleans(), st.integers(0, 40), st.integers(1, 20), st.integers(1, 3)),
    max_size=40,
)


@given(st.integers(1, 4), STEPS)
def test_no_more_places_are_taken_than_there_are(
    capacity: int, steps: list[tuple[int, bool, int, int, int]]
) -> None:
    service = _service(capacity)
    day = ServiceDay.begin(service.id, DAY, AT)
    names = [uuid4() for _ in range(8)]
    taken: dict[UUID, tuple[range, int]] = {}
    for n, releases, start, minutes, places in steps:
        booking = names[n]
        if releases or booking in taken:
            day.release(booking, AT)
            taken.pop(booking, None)
            continue
        when = range(start, start + minutes)
        fits = all(
            sum(some for there, some in taken.values() if minute in there) + places <= capacity
            for minute in when
        )
        facts = {"capacity": capacity, "service_version": 1, "at": AT}
        if fits:
            day.take(booking, _slot(start, minutes), places, **facts)  # type: ignore[arg-type]
            taken[booking] = when, places
        else:
            with pytest.raises(Refused):
                day.take(booking, _slot(start, minutes), places, **facts)  # type: ignore[arg-type]
    check = no_slot_goes_below_zero()
    events = [*service.pending_events, *day.pending_events]
    assert not any(check(_recorded(event)) for event in events)


def test_a_log_in_which_a_place_was_given_twice_is_found() -> None:
    service = _service(1)
    day = ServiceDay.begin(service.id, DAY, AT)
    slot = _slot(0, 30)
    facts = {"start": slot.start, "end": slot.end, "places": 1, "capacity": 1, "service_version": 1}
    for _ in range(2):
        day.trigger(ServiceDay.Taken, at=AT, booking=uuid4(), **facts)
    day.trigger(ServiceDay.Taken, at=AT, booking=uuid4(), **{**facts, "capacity": 9})
    check = no_slot_goes_below_zero()
    told = [check(_recorded(event)) for event in [*service.pending_events, *day.pending_events]]
    assert told == [
        *(None, None, None),
        "2 of 1 places are taken",
        "it was decided by 9 places, where the service had 1",
    ]


def _recorded(event: object) -> Recorded:
    made = dict.fromkeys(Recorded.__struct_fields__)
    known = {"event": event, "stream": event.originator_id, "version": event.originator_version}  # type: ignore[attr-defined]
    return Recorded(**{**made, **known, "position": 1})  # type: ignore[arg-type]
