"""The work of the shop: what erased customers had bought is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from application.base.work import context_of
from application.ports import Clock, Ids, Item, Kind, Purchases, Store
from application.shop.forgetting import FORGET_PURCHASES_WORK, ForgetPurchases, forget_purchases


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def purchases(self) -> Purchases: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_forget_purchases(item: Item) -> None:
        command, context = ForgetPurchases(conversation=UUID(item.key)), context_of(item, p.ids)
        await forget_purchases(command, context, store=p.store, purchases=p.purchases, clock=p.clock)

    return {FORGET_PURCHASES_WORK: Kind(handler=do_forget_purchases, attempts=1000, lease=60.0)}
