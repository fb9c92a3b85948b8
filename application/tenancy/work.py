"""The work of tenancy: a removed tenant is erased once its time is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from application.base.work import Caching, context_of
from application.ports import AnalystDatabase, Clock, Eraser, Files, Ids, Item, Kind, Signer, Store
from application.tenancy.removal import ERASE_TENANT_WORK, erase_tenant


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def eraser(self) -> Eraser: ...
    @property
    def checkpoints(self) -> Signer: ...
    @property
    def providers(self) -> Caching: ...
    @property
    def files(self) -> Files: ...
    @property
    def analysts(self) -> AnalystDatabase: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_erase_tenant(item: Item) -> datetime | None:
        return await erase_tenant(
            context_of(item, p.ids, "removal"),
            store=p.store,
            eraser=p.eraser,
            signer=p.checkpoints,
            cache=p.providers.cache,
            files=p.files,
            analysts=p.analysts,
            clock=p.clock,
        )

    return {
        ERASE_TENANT_WORK: Kind(handler=do_erase_tenant, attempts=100, lease=60.0),
    }
