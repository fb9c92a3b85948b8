"""The work of replays: what a process that is gone has asked is charged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from application.base.work import context_of
from application.ports import Clock, Ids, Item, Kind, Store
from application.replay.ledger import REPLAY_WORK, close_replay


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_close_replay(item: Item) -> None:
        await close_replay(UUID(item.key), context_of(item, p.ids, "replay"), store=p.store, clock=p.clock)

    return {REPLAY_WORK: Kind(handler=do_close_replay, attempts=20)}
