"""What budgets need: the log, and who else of this process holds, or waits for, a part of them."""

from __future__ import annotations

from typing import Protocol

from application.budgets.fair_queue import FairQueue
from application.budgets.pool import ReservationPool
from application.ports import Clock, Ids, Store


class Ports(Protocol):
    """`reservation_pool`: None where nothing is reserved ahead."""

    @property
    def store(self) -> Store: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def reservation_pool(self) -> ReservationPool | None: ...
    @property
    def budget_queue(self) -> FairQueue: ...
