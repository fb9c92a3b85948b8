"""The work of privacy: who is forgotten is erased, and conversations are kept as long as the tenant says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.base.erase import ERASE_WORK, Erase, erase
from application.base.work import Caching, context_of
from application.chat.end_user import ERASE_USER_WORK
from application.ports import Clock, Eraser, Files, Idle, Ids, Item, Kind, Purchases, Store
from application.privacy.forget import EraseUser, erase_user
from application.privacy.retention import RETENTION_WORK, KeepRetention, keep_retention


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def eraser(self) -> Eraser: ...
    @property
    def providers(self) -> Caching: ...
    @property
    def files(self) -> Files: ...
    @property
    def idle(self) -> Idle: ...
    @property
    def purchases(self) -> Purchases: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_erase(item: Item) -> None:
        command, context = Erase(subject=UUID(item.key)), context_of(item, p.ids)
        await erase(command, context, eraser=p.eraser, cache=p.providers.cache)
        await p.files.delete(item.tenant, command.subject)

    async def do_erase_user(item: Item) -> None:
        command, context = EraseUser(user=UUID(item.key)), context_of(item, p.ids)
        await erase_user(
            command, context, store=p.store, eraser=p.eraser, cache=p.providers.cache, clock=p.clock
        )
        await p.files.delete(item.tenant, command.user)

    async def do_retention(item: Item) -> datetime | None:
        command = KeepRetention(at=p.clock())
        context = context_of(item, p.ids, "retention")
        return await keep_retention(
            command, context, store=p.store, idle=p.idle, purchases=p.purchases, clock=p.clock
        )

    return {
        ERASE_WORK: Kind(handler=do_erase, attempts=20, lease=60.0),
        ERASE_USER_WORK: Kind(handler=do_erase_user, attempts=20, lease=60.0),
        RETENTION_WORK: Kind(handler=do_retention, attempts=1000, lease=60.0),
    }
