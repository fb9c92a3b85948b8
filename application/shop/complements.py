"""Complements: what a tenant says goes with an offer is in its catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from uuid import UUID

from application.ports import Store
from domain.base.errors import Invalid, NotFound
from domain.shop.offer import Offer
from domain.shop.product import Product
from domain.shop.service import Service


async def check_complements(facts: Offer, known: Collection[UUID], tenant: UUID, *, store: Store) -> None:
    """`known`: those that were named before, which may have been deleted since. Raises Invalid."""
    new = [each for each in facts.complements if each not in known]
    there = await asyncio.gather(*(_is_there(each, tenant, store) for each in new))
    if missing := [str(each) for each, found in zip(new, there, strict=True) if not found]:
        raise Invalid(
            f"complements: there is no product and no service {', '.join(missing)}; leave it out, or add it first"
        )


async def _is_there(id: UUID, tenant: UUID, store: Store) -> bool:
    kinds: tuple[type[Product | Service], ...] = (Product, Service)
    for kind in kinds:
        try:
            (await store.load(kind, id, tenant=tenant)).existing()
        except NotFound:
            continue
        return True
    return False
