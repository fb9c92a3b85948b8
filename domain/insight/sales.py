"""Sales: what customers have bought and booked, and whether it followed an answer of the agent's. Pure; nothing in it is personal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation as C
from domain.feedback.signals import COMPLETED
from domain.insight.definitions import Conversion
from domain.shop.booking import Booking
from domain.shop.order import Order

SALES = ("made", "attributed", "cancelled", "cancelled_attributed")
AMOUNTS = ("amount", "attributed_amount", "cancelled_amount", "cancelled_attributed_amount")
"""What is summed; docs/analytics.md says what each is."""

EVENTS: tuple[type[Event], ...] = (
    C.Answered,
    C.Replied,
    C.Forgotten,
    Order.Placed,
    Order.Cancelled,
    Booking.Made,
    Booking.Cancelled,
)


class Sale(msgspec.Struct, kw_only=True):
    """An order or a booking. `attributed`: it was made within `COMPLETED` (24 hours) after an answer of the agent's, with no person's reply between."""

    id: UUID
    at: datetime
    kind: Conversion
    currency: str
    amount: Decimal
    attributed: bool
    cancelled: bool = False

    def figures(self, *, before: bool = False) -> list[int | Decimal]:
        """By SALES and AMOUNTS. `before`: as it was made; else what came with its being cancelled."""
        one, amount, none = 1, self.amount, Decimal(0)
        if before:
            return [one, int(self.attributed), 0, 0, amount, amount if self.attributed else none, none, none]
        return [0, 0, one, int(self.attributed), none, none, amount, amount if self.attributed else none]


class Selling:
    """What is known: all, or as much as the events that come next can touch. `answered`: when the agent answered last, by conversation, unless a person
    has replied since."""

    def __init__(self, sales: Iterable[Sale], answered: MutableMapping[UUID, datetime | None]) -> None:
        self.sales = {sale.id: sale for sale in sales}
        self.answered = answered

    def fold(self, batch: Iterable[Recorded]) -> Iterator[tuple[Sale, list[int | Decimal]]]:
        """What each event adds, of which sale."""
        for recorded in batch:
            event, at = recorded.event, recorded.recorded_at
            if recorded.topic == C.Answered.TOPIC:
                self.answered[recorded.stream] = at
            elif recorded.topic in (C.Replied.TOPIC, C.Forgotten.TOPIC):
                self.answered[recorded.stream] = None
            elif isinstance(event, Order.Placed | Booking.Made):
                sale = self._made(recorded, event)
                yield sale, sale.figures(before=True)
            elif isinstance(event, Order.Cancelled | Booking.Cancelled):
                sale = self.sales[recorded.stream]
                if not sale.cancelled:
                    sale.cancelled = True
                    yield sale, sale.figures()

    def _made(self, recorded: Recorded, event: Order.Placed | Booking.Made) -> Sale:
        last, order = self.answered.get(event.conversation), isinstance(event, Order.Placed)
        sale = self.sales[recorded.stream] = Sale(
            id=recorded.stream,
            at=recorded.recorded_at,
            kind="purchase" if order else "booking",
            currency=event.currency,
            amount=event.total if isinstance(event, Order.Placed) else event.price,
            attributed=last is not None and recorded.recorded_at - last <= COMPLETED,
        )
        return sale
