"""Offers as they are at this moment: how many pieces there are, which slots are open. No index can know it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from application.ports import Clock, Store
from application.retrieval.query import Query
from application.retrieval.slots import slots_lines
from domain.base.errors import NotFound, Refused
from domain.models.completion import Passage
from domain.shop.product import Product

NOW = "in stock now."

SLOTS = frozenset({"appointment", "availability", "change"})
"""What is wanted by whom open slots are told, as whoever names a date."""


def is_offered(passage: Passage) -> bool:
    return passage.source == "shop"


async def as_now(
    passages: Sequence[Passage], query: Query, *, store: Store, clock: Clock
) -> tuple[Passage, ...]:
    """Products with their stock, and services with their open slots where the query is for them; without what is not offered any more."""
    found = list[Passage]()
    for each in passages:
        if not is_offered(each):
            found.append(each)
            continue
        try:
            lines = await _stock(each.document, query.tenant, store)
        except NotFound:  # a service
            lines = await _slots(each, query, store, clock)
        if lines is not None:
            found.append(replace(each, text="\n".join((each.text, *lines))))
    return tuple(found)


async def _stock(id: UUID, tenant: UUID, store: Store) -> list[str] | None:
    """None: it is not offered any more. Raises NotFound."""
    product = await store.load(Product, id, tenant=tenant)
    facts = product.state.facts
    if facts is None or not facts.active or product.state.deleted:
        return None
    return [f"{facts.name}: {product.state.stock} pieces {NOW}"]


async def _slots(passage: Passage, query: Query, store: Store, clock: Clock) -> list[str] | None:
    if not (query.dates or SLOTS & query.wants):
        return []
    try:
        return await slots_lines(
            passage.document, passage.title, query.dates, query.tenant, store=store, clock=clock
        )
    except (NotFound, Refused):  # it is not offered any more
        return None
