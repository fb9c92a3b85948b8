"""A hold: what a call holds in the budget, its reservations, open ones and those that ended before it did."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from application.budgets.settle import give_back, refreshed
from application.ports import Clock, Store
from domain.base.context import Context
from domain.budgets.reservation import Reservation


@dataclass(kw_only=True)
class Hold:
    """Whole at every moment, also when its task is cancelled."""

    reservations: list[Reservation] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Of who changes them."""

    uncertain: Decimal = Decimal(0)
    """USD beyond what the attempts cost that providers may still bill, as they were not heard to their end; none of it is retained yet."""

    expired: list[UUID] = field(default_factory=list)
    """Reservations that ended before the call did."""

    given_back: list[UUID] = field(default_factory=list)
    """Reservations that it has ended itself, before it waited."""

    async def refresh(self, tenant: UUID, store: Store) -> None:
        """After a lost race: take the reservations as they are by now."""
        before = [reservation.id for reservation in self.reservations]
        self.reservations[:] = await refreshed(self.reservations, tenant=tenant, store=store)
        left = {reservation.id for reservation in self.reservations}
        self.expired += [id for id in before if id not in left]

    async def give_back(self, interaction: UUID, context: Context, *, store: Store, clock: Clock) -> None:
        """What it holds for `interaction`, except for what providers may still bill."""
        await give_back(
            self.reservations,
            context,
            store=store,
            clock=clock,
            interaction=interaction,
            uncertain=self.uncertain,
        )
        self.given_back += [reservation.id for reservation in self.reservations]
        self.reservations.clear()
        self.uncertain = Decimal(0)

    @property
    def reserved(self) -> list[UUID]:
        """The reservations that hold, or held, what it may cost."""
        return [*self.expired, *self.given_back, *(reservation.id for reservation in self.reservations)]
