"""Purchases: what the customer has ordered and booked, as it stands at this moment. Nobody else's answer can rest on it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from application.ports import Clock, Keyring, Purchases, Store
from application.retrieval.chunks import passage_id
from application.retrieval.query import Query
from application.retrieval.sources.source import Brought
from domain.base.errors import Erased, NotFound
from domain.models.completion import Passage
from domain.retrieval.fusion import Ranked
from domain.shop.booking import Booking
from domain.shop.order import Order
from domain.shop.purchase_text import booking_text, booking_title, order_text, order_title
from domain.shop.service import Service

ABOUT_ORDERS = frozenset(
    {"order_status", "order", "delivery", "return", "refund", "defect", "lost", "warranty", "invoice"}
)
ABOUT_BOOKINGS = frozenset({"appointment"})
ABOUT_BOTH = frozenset({"cancellation", "change", "complaint"})
"""What is wanted by whom it is asked."""

OPEN, CLOSED, STEP = 0.9, 0.8, 0.01
"""Relevance of what is still to be fulfilled or to come, and of what is not; how much less each one before counts."""

STATUS = 0.06
"""What is added where it is asked how an order stands."""

NUMBERED = 1.0
"""That of one whose number is written."""


class PurchasesSource:
    name = "purchases"
    own = True

    def __init__(self, purchases: Purchases, store: Store, keyring: Keyring, clock: Clock) -> None:
        self._purchases, self._store, self._keyring, self._clock = purchases, store, keyring, clock

    def serves(self, query: Query) -> bool:
        wanted = ABOUT_ORDERS | ABOUT_BOOKINGS | ABOUT_BOTH
        return query.database > 0 and query.customer is not None and bool(wanted & query.wants)

    async def find(self, query: Query) -> Brought:
        assert query.customer is not None
        bought = await self._purchases.lately(query.tenant, query.customer, query.database)
        both = bool(ABOUT_BOTH & query.wants)
        found: list[Ranked] = []
        if both or ABOUT_ORDERS & query.wants:
            found += await self._orders(bought.orders, query)
        if both or ABOUT_BOOKINGS & query.wants:
            found += await self._bookings(bought.bookings, query)
        return Brought(ranked=sorted(found, key=_weight, reverse=True)[: query.database])

    async def _orders(self, ids: Sequence[UUID], query: Query) -> list[Ranked]:
        found = []
        for place, id in enumerate(ids):
            try:
                order = (await self._store.load(Order, id, tenant=query.tenant)).existing()
            except (Erased, NotFound):
                continue
            asked = STATUS if "order_status" in query.wants else 0.0
            relevance = _relevance(id, place, order.status == "placed", query, asked)
            found.append(await self._ranked(id, order_title(order), order_text(id, order), relevance, query))
        return found

    async def _bookings(self, ids: Sequence[UUID], query: Query) -> list[Ranked]:
        found, now = [], self._clock()
        for place, id in enumerate(ids):
            try:
                booking = (await self._store.load(Booking, id, tenant=query.tenant)).existing()
                service = await self._store.load(Service, booking.service, tenant=query.tenant)
            except (Erased, NotFound):
                continue
            facts = service.state.facts
            name, given = ("Service", None) if facts is None else (facts.name, facts.availability)
            text = booking_text(id, booking, name, given, now)
            relevance = _relevance(id, place, booking.status == "booked" and booking.end > now, query)
            found.append(await self._ranked(id, booking_title(booking, name), text, relevance, query))
        return found

    async def _ranked(self, id: UUID, title: str, text: str, relevance: float, query: Query) -> Ranked:
        passage = Passage(
            id=await passage_id(query.tenant, id.hex, text, self._keyring),
            document=id,
            title=title,
            ordinal=0,
            score=relevance,
            text=text,
            source="purchase",
        )
        return Ranked(passage, relevance, relevance)


def _relevance(id: UUID, place: int, is_open: bool, query: Query, asked: float = 0.0) -> float:
    if str(id) in query.text.lower():
        return NUMBERED
    return round((OPEN if is_open else CLOSED) + asked - place * STEP, 4)


def _weight(ranked: Ranked) -> float:
    return ranked.weight
