"""The work of flags: a look at a rollout, which goes on or back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from application.base.work import context_of
from application.flags.flag import ROLLOUT_WORK, LookAtRollout, look_at_rollout
from application.ports import Clock, Ids, Item, Kind, Outcomes, Store


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def outcomes(self) -> Outcomes: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_look_at_rollout(item: Item) -> datetime | None:
        return await look_at_rollout(
            LookAtRollout(flag=item.key),
            context_of(item, p.ids, "rollout"),
            store=p.store,
            outcomes=p.outcomes,
            clock=p.clock,
        )

    return {
        ROLLOUT_WORK: Kind(handler=do_look_at_rollout, attempts=1000, places="watch"),
    }
