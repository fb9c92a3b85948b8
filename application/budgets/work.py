"""The work of budgets: reservations that nobody ends, and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from application.base.work import context_of
from application.budgets.budget import ALERT_WORK, raise_alerts
from application.budgets.ports import Ports as Ports
from application.budgets.settle import RESERVATION_WORK, expire_reservation
from application.ports import Item, Kind


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_expire_reservation(item: Item) -> datetime | None:
        return await expire_reservation(UUID(item.key), context_of(item, p.ids), store=p.store, clock=p.clock)

    async def do_raise_alerts(item: Item) -> None:
        await raise_alerts(item.key, context_of(item, p.ids), store=p.store, clock=p.clock)

    return {
        RESERVATION_WORK: Kind(handler=do_expire_reservation, attempts=20),
        ALERT_WORK: Kind(handler=do_raise_alerts),
    }
