"""Which offers the same customers have: counted step by step it is what a recount of all purchases gives. And the first slot that is free."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.shop.availability import WEEKDAYS, Availability, Slot, WeeklyWindow
from domain.shop.booking import Booking
from domain.shop.first_free import first_free
from domain.shop.occupancy import Held
from domain.shop.order import Order, OrderLine
from domain.shop.together import MOST, Bought, Purchases

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
CUSTOMERS, OFFERS = [UUID(int=n) for n in range(1, 4)], [UUID(int=n) for n in range(11, 16)]


def recorded(event: Event, stream: UUID) -> Recorded:
    return Recorded(
        tenant=UUID(int=99),
        position=1,
        stream=stream,
        version=1,
        topic=event.TOPIC,
        event=event,
        recorded_at=AT,
        actor="test",
        correlation=stream,
        causation=None,
        digest=b"",
        hash=b"",
    )


def order(customer: UUID, offers: tuple[UUID, ...]) -> Order:
    lines = tuple(OrderLine(product=each, name="x", quantity=1, price=Decimal(1)) for each in offers)
    return Order.place(uuid4(), conversation=customer, lines=lines, currency="EUR", note=None, at=AT)


def booking(customer: UUID, service: UUID) -> Booking:
    slot = Slot(day=AT.date(), start=AT + timedelta(hours=1), end=AT + timedelta(hours=2))
    facts = {"conversation": customer, "service": service, "slot": slot, "places": 2}
    return Booking.make(uuid4(), price=Decimal(1), currency="EUR", note=None, at=AT, **facts)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(CUSTOMERS), st.sets(st.sampled_from(OFFERS), min_size=1, max_size=3)),
            st.integers(0, 20),
        ),
        max_size=25,
    ),
    st.integers(1, 6),
)
def test_pairs_are_what_a_recount_gives(steps: list[tuple[UUID, set[UUID]] | int], batch: int) -> None:
    """A number cancels the purchase of that number, where there is one. The rows are handed on between batches, as a database does."""
    live: dict[UUID, tuple[Order | Booking, UUID, set[UUID]]] = {}
    rows: dict[tuple[UUID, UUID], Bought] = {}
    pairs: Counter[tuple[UUID, UUID]] = Counter()
    events: list[Recorded] = []
    for step in steps:
        if isinstance(step, int):
            if step < len(live):
                made, _, _ = live.pop(list(live)[step])
                made.cancel(AT)
                events.append(recorded(made.collect_events()[-1], made.id))  # type: ignore[arg-type]
            continue
        customer, offers = step
        made = booking(customer, min(offers)) if len(offers) == 1 else order(customer, tuple(offers))
        live[made.id] = (made, customer, offers)
        events += [recorded(event, made.id) for event in made.collect_events()]  # type: ignore[arg-type]
    for start in range(0, len(events), batch):
        fold = Purchases(list(rows.values()))
        for each in events[start : start + batch]:
            fold.fold(each)
        rows = {key: row for key, row in rows.items() if row.purchase not in fold.gone}
        rows |= {(row.purchase, row.offer): row for row in fold.rows}
        pairs.update(fold.pairs)
    has = {customer: set[UUID]() for customer in CUSTOMERS}
    for _, customer, offers in live.values():
        has[customer] |= offers
    recount = Counter(pair for offers in has.values() for pair in permutations(offers, 2))
    assert {pair: count for pair, count in pairs.items() if count} == dict(recount)


def test_who_buys_everything_says_little_of_what_goes_together() -> None:
    fold = Purchases(())
    for _ in range(MOST + 5):
        made = order(CUSTOMERS[0], (uuid4(),))
        fold.fold(recorded(made.collect_events()[0], made.id))  # type: ignore[arg-type]
    assert sum(row.counted for row in fold.rows) == MOST
    assert len(fold.pairs) == MOST * (MOST - 1)


def test_the_first_slot_with_a_free_place_is_found() -> None:
    weekly = tuple(WeeklyWindow(weekday=each, opens="09:00", closes="11:00") for each in WEEKDAYS)
    given = Availability(time_zone="UTC", duration_minutes=60, weekly=weekly)
    nine = AT.replace(hour=9)
    within = timedelta(days=3)
    held = [Held(start=nine, end=nine + timedelta(hours=1), places=1)]
    for taken, start in (([], nine), (held, nine + timedelta(hours=1))):
        slot = first_free(given, taken, AT, within)
        assert slot is not None
        assert (slot.start, slot.day) == (start, date(2026, 11, 23))
    full = [Held(start=AT, end=AT + timedelta(days=9), places=1)]
    assert first_free(given, full, AT, within) is None
    closed = Availability(time_zone="UTC", duration_minutes=60)
    assert first_free(closed, (), AT, within) is None
