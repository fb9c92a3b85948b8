"""What customers have bought and booked, and which offers one and the same customer has: a fold of orders and bookings. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.base.recorded import Recorded
from domain.shop.booking import Booking
from domain.shop.order import Order

MOST = 50
"""Different offers of one customer that are counted: who buys for a business would say that everything goes with everything."""


class Bought(msgspec.Struct, kw_only=True):
    """An `offer` of an order, or that of a booking (`purchase`). `start`, `end` and `places`: of a booking. `counted`: whether the offer is one of those
    of its customer's that pairs are counted of."""

    purchase: UUID
    offer: UUID
    conversation: UUID
    at: datetime
    start: datetime | None = None
    end: datetime | None = None
    places: int = 0
    counted: bool


class Purchases:
    """Goes on from the rows of all customers that the events are of. `pairs`: by how many customers more, or fewer, have both offers, each pair in both
    directions; `gone`: purchases of which no row is left."""

    def __init__(self, known: Iterable[Bought]) -> None:
        self._rows = {(row.purchase, row.offer): row for row in known}
        self.pairs: Counter[tuple[UUID, UUID]] = Counter()
        self.gone: set[UUID] = set()
        self._touched: set[tuple[UUID, UUID]] = set()

    @property
    def rows(self) -> list[Bought]:
        """Those that are new or have changed."""
        return [self._rows[key] for key in sorted(self._touched) if key in self._rows]

    def fold(self, recorded: Recorded) -> None:
        event, id = recorded.event, recorded.stream
        if isinstance(event, Order.Placed):
            for line in event.lines:
                self._add(Bought(purchase=id, offer=line.product, **_of(event, recorded)))
        elif isinstance(event, Booking.Made):
            times: dict[str, Any] = {"start": event.start, "end": event.end, "places": event.places}
            self._add(Bought(purchase=id, offer=event.service, **times, **_of(event, recorded)))
        elif isinstance(event, Booking.Moved):
            for key in self._of_purchase(id):
                self._rows[key].start, self._rows[key].end = event.start, event.end
                self._touched.add(key)
        elif isinstance(event, Order.Cancelled | Booking.Cancelled):
            for key in self._of_purchase(id):
                self._take_back(key)
        elif isinstance(event, Order.Forgotten | Booking.Forgotten):
            for key in self._of_purchase(id):
                self._rows.pop(key)
                self.gone.add(id)

    def _add(self, row: Bought) -> None:
        theirs = self._counted(row.conversation)
        row.counted = row.offer in theirs or len(theirs) < MOST
        if row.counted and row.offer not in theirs:
            self._count(row.offer, theirs, 1)
        self._rows[row.purchase, row.offer] = row
        self._touched.add((row.purchase, row.offer))

    def _take_back(self, key: tuple[UUID, UUID]) -> None:
        row = self._rows.pop(key)
        self.gone.add(row.purchase)
        theirs = self._counted(row.conversation)
        if row.counted and row.offer not in theirs:
            self._count(row.offer, theirs, -1)

    def _count(self, offer: UUID, others: Iterable[UUID], by: int) -> None:
        for other in others:
            self.pairs[offer, other] += by
            self.pairs[other, offer] += by

    def _counted(self, conversation: UUID) -> set[UUID]:
        return {row.offer for row in self._rows.values() if row.conversation == conversation and row.counted}

    def _of_purchase(self, id: UUID) -> list[tuple[UUID, UUID]]:
        return sorted(key for key in self._rows if key[0] == id)


def _of(event: Order.Placed | Booking.Made, recorded: Recorded) -> dict[str, Any]:
    return {"conversation": event.conversation, "at": recorded.recorded_at, "counted": False}
