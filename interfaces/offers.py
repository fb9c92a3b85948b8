"""All that tenants offer, held in memory as long as it is asked for: what is new in it is read from the log, where it is sealed."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec

from domain.base.aggregate import NIL
from domain.base.recorded import Recorded
from domain.shop.catalogue import Catalogue, Offered
from domain.shop.product import Product
from domain.shop.service import Service
from infra.crypto.keyring import Keyring
from infra.log.store import LogStore
from infra.projections.reads import Reads
from projections import products, services

FRESH = 1.0
"""Seconds for which a look at the read models holds."""

ROOM = 200_000
"""Offers that a process holds, of all tenants."""

AT_ONCE = 1_000
"""Events that are read from the log at once."""


class _Known(msgspec.Struct):
    """`looked`: when, by the monotonic clock; `position`: the read models had come to this one, at least."""

    looked: float
    position: int
    catalogue: Catalogue


class HeldOffers:
    """One a process. Implements `application.ports.Offers`. What it holds of a tenant goes with the tenant's key."""

    def __init__(self, reads: Reads, store: LogStore, keyring: Keyring) -> None:
        self._reads, self._store = reads, store
        self._known: OrderedDict[UUID, _Known] = OrderedDict()
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        keyring.on_forget(self._forget)

    async def get(self, tenant: UUID, at_least: int | None = None) -> Catalogue:
        """Raises Unavailable, Ahead."""
        if (lock := self._locks.get(tenant)) is None:
            lock = self._locks[tenant] = asyncio.Lock()
        async with lock:  # of many that ask, one looks
            known, asked = self._known.get(tenant), time.monotonic()
            if known is None or asked - known.looked > FRESH or (at_least or 0) > known.position:
                offered = await self._offered(tenant, at_least, known)
                position = max(at_least or 0, known.position if known else 0)
                if known is not None and known.catalogue.offers == offered:
                    catalogue = known.catalogue
                else:
                    catalogue = Catalogue(offered)
                    await asyncio.to_thread(lambda: catalogue.index)
                known = self._known[tenant] = _Known(asked, position, catalogue)
                self._drop_oldest()
            self._known.move_to_end(tenant)
            return known.catalogue

    async def _offered(self, tenant: UUID, at_least: int | None, known: _Known | None) -> list[Offered]:
        async with self._reads.at(tenant, products.Products(), at_least) as sql:
            rows = [("product", row) for row in await products.all_products(sql, tenant)]
        async with self._reads.at(tenant, services.Services(), at_least) as sql:
            rows += [("service", row) for row in await services.all_services(sql, tenant)]
        before = {each.position: each for each in known.catalogue.offers} if known else {}
        new = sorted(row["facts"] for _, row in rows if row["facts"] not in before)
        events: dict[int, Recorded] = {}
        for start in range(0, len(new), AT_ONCE):
            events |= await self._store.several(tenant, new[start : start + AT_ONCE])
        return [before.get(row["facts"]) or _told(kind, row, events[row["facts"]]) for kind, row in rows]

    def _drop_oldest(self) -> None:
        held = sum(len(each.catalogue.offers) for each in self._known.values())
        while held > ROOM and len(self._known) > 1:
            held -= len(self._known.popitem(last=False)[1].catalogue.offers)

    def _forget(self, tenant: UUID, subject: UUID | None) -> None:
        if subject in (None, NIL):
            self._known.pop(tenant, None)


def _told(kind: Any, row: Any, recorded: Recorded) -> Offered:
    event = recorded.event
    assert isinstance(event, Product.Created | Product.Changed | Service.Created | Service.Changed)
    return Offered(
        kind=kind,
        id=recorded.stream,
        position=recorded.position,
        created_at=row["created_at"],
        facts=event.facts,
    )
