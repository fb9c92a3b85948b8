"""Reservations ahead of their calls: what a call has held stays for whoever of this process calls next.

So a call finds what it needs and begins at once, without a save of its own. A spare that nobody takes is given back after a second, and
near a limit none stays: nobody waits for what nobody needs. ReservationPool of a process that is killed expire as every reservation does.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from application.base.tasks import cancel_and_wait, run_to_end
from application.budgets.budget import budget_of
from application.budgets.settle import LIFETIME, PooledReservation, give_back, reservation_of
from application.ports import Clock, Fault, Ids, Store
from domain.base.aggregate import NIL
from domain.base.context import Context
from domain.base.money import pico
from domain.budgets.budget import Budget
from domain.budgets.reservation import Reservation

log = logging.getLogger("retrace.budget")

IDLE = 1.0
"""Seconds for which a spare waits to be taken, at least; half as long again at most."""

REST = 5.0
"""Seconds without spares for a tenant whose budget was found near its limit."""

MOST = 64
"""ReservationPool of a tenant in one process."""


class ReservationPool:
    """One a process."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids) -> None:
        self._store, self._clock, self._ids = store, clock, ids
        self._spares: dict[UUID, list[PooledReservation]] = {}
        self._resting: dict[UUID, float] = {}
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    async def take(self, amount: Decimal, context: Context) -> Reservation | None:
        """The smallest one that holds `amount` USD today, against the limits in force."""
        tenant = context.tenant
        if tenant not in self._spares or (budget := await budget_of(tenant, store=self._store)) is None:
            return None
        now, needed = self._clock(), pico(amount)
        fitting = [
            spare.reservation
            for spare in self._spares.get(tenant, ())
            if spare.reservation.state.amount >= needed and _lasts(spare.reservation, budget, now)
        ]
        if not fitting:
            return None
        taken = min(fitting, key=lambda reservation: reservation.state.amount)
        self._spares[tenant] = [spare for spare in self._spares[tenant] if spare.reservation is not taken]
        return taken

    async def another(self, used: Sequence[Reservation], context: Context) -> PooledReservation | None:
        """The one that a call has used, or another like it, for whoever calls next; None where there is to be none.

        `put` it here when the call's end is saved; where the budget does not allow it, say so by `refused`.
        """
        tenant = context.tenant
        if self._closed or len(used) != 1 or len(self._spares.get(tenant, ())) >= MOST:
            return None
        if (until := self._resting.get(tenant)) is not None:
            if time.monotonic() < until:
                return None
            del self._resting[tenant]
        budget = await budget_of(tenant, store=self._store)
        if budget is None or not budget.state.limits.any:
            return None
        reservation, now = used[0], self._clock()
        if not _lasts(reservation, budget, now):
            state = reservation.state
            reservation = reservation_of(
                budget, state.amount, NIL, state.model, id=self._ids(), at=now, lifetime=LIFETIME
            )
        return PooledReservation(reservation, budget.state.limits, context, time.monotonic())

    def put(self, spare: PooledReservation) -> None:
        """It is saved, and may be taken."""
        if self._closed:
            return  # it expires
        self._spares.setdefault(spare.context.tenant, []).append(spare)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())

    def refused(self, tenant: UUID) -> None:
        """Its budget is near its limit."""
        self._resting[tenant] = time.monotonic() + REST

    def held(self, tenant: UUID) -> int:
        """What a tenant's spares hold, in pico-USD."""
        return sum(spare.reservation.state.amount for spare in self._spares.get(tenant, ()))

    async def give_back(self, tenant: UUID) -> bool:
        """All of a tenant's; whether there were any."""
        spares = self._spares.pop(tenant, [])
        await self._end(spares)
        return bool(spares)

    async def close(self) -> None:
        """Give back all of them; from here on there are no more."""
        self._closed = True
        if self._watching is not None:
            await cancel_and_wait(self._watching)
        for tenant in list(self._spares):
            await self._try_to_give_back(tenant, 0)

    async def _watch(self) -> None:
        while self._spares:
            await asyncio.sleep(IDLE / 2)
            for tenant in list(self._spares):
                await self._try_to_give_back(tenant, IDLE)

    async def _try_to_give_back(self, tenant: UUID, idle: float) -> None:
        before = time.monotonic() - idle
        spares = self._spares.pop(tenant, [])
        if left := [spare for spare in spares if spare.since > before]:
            self._spares[tenant] = left
        try:
            await run_to_end(self._end([spare for spare in spares if spare.since <= before]))
        except Fault as error:
            log.warning("what was reserved ahead is left to expire: %s", type(error).__name__)

    async def _end(self, spares: Sequence[PooledReservation]) -> None:
        if spares:
            reservations = [spare.reservation for spare in spares]
            await give_back(reservations, spares[0].context, store=self._store, clock=self._clock)


def _lasts(reservation: Reservation, budget: Budget, now: datetime) -> bool:
    """Whether it holds for another call: today, against the limits in force, and for longer than a call takes."""
    state = reservation.state
    return (
        state.open
        and state.expires_at - now > LIFETIME / 2
        and state.day == now.date()
        and state.budget == budget.version
    )
