"""How many pieces there are of a product that was found: read at this moment, for no index can know it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from application.ports import Store
from domain.base.errors import NotFound
from domain.models.completion import Passage
from domain.shop.product import Product

NOW = "in stock now."


def is_offered(passage: Passage) -> bool:
    return passage.source == "shop"


async def with_stock(passages: Sequence[Passage], tenant: UUID, *, store: Store) -> tuple[Passage, ...]:
    """Those of products with their stock, once; without those of products that are not offered any more."""
    found = list[Passage]()
    for each in passages:
        if not is_offered(each):
            found.append(each)
            continue
        try:
            product = await store.load(Product, each.document, tenant=tenant)
        except NotFound:  # a service, of which there are slots
            found.append(each)
            continue
        facts = product.state.facts
        if facts is not None and facts.active and not product.state.deleted:
            line = f"{facts.name}: {product.state.stock} pieces {NOW}"
            found.append(replace(each, text=f"{each.text}\n{line}"))
    return tuple(found)
