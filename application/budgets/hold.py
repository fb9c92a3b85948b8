"""A hold: what a call holds in the budget, its reservations, open ones and those that ended before it did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from application.budgets.settle import give_back, refreshed
from application.ports import Clock, Store
from domain.base.context import Context
from domain.budgets.reservation import Reservation
from domain.models.completion import Attempt

Announce = Callable[[Sequence[Attempt]], Awaitable[object]]
"""Puts on record what is charged if nothing more is heard of a call that is about to be made. Raises Refused where it is not to be made."""


@dataclass(kw_only=True)
class Hold:
    """Plain data, whole at every moment, also when its task is cancelled."""

    reservations: list[Reservation] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Of who changes them."""

    uncertain: Decimal = Decimal(0)
    """USD beyond what the attempts cost that providers may still bill, as they were not heard to their end; none of it is retained yet."""

    expired: list[UUID] = field(default_factory=list)
    """Reservations that ended before the call did."""

    given_back: list[UUID] = field(default_factory=list)
    """Reservations that it has ended itself, before it waited."""

    announce: Announce | None = None
    """Called before a call is paid for; None: whoever holds it keeps no such record."""

    settled: bool = False
    """Whether its call is on record, and this ended with it; or nobody knows: then nobody may settle it again."""

    def take_over(self, other: Hold) -> None:
        """All that `other` holds, for a record that is to come: what it was held for is paid with this one's call."""
        self.reservations += other.reservations
        self.expired += other.expired
        self.given_back += other.given_back
        self.uncertain += other.uncertain
        other.reservations, other.expired, other.given_back = [], [], []
        other.uncertain = Decimal(0)

    @property
    def reserved(self) -> list[UUID]:
        """The reservations that hold, or held, what it may cost."""
        return [*self.expired, *self.given_back, *(reservation.id for reservation in self.reservations)]


async def refresh(hold: Hold, tenant: UUID, store: Store) -> None:
    """After a lost race: take the reservations as they are by now."""
    before = [reservation.id for reservation in hold.reservations]
    hold.reservations[:] = await refreshed(hold.reservations, tenant=tenant, store=store)
    left = {reservation.id for reservation in hold.reservations}
    hold.expired += [id for id in before if id not in left]


async def release(hold: Hold, interaction: UUID, context: Context, *, store: Store, clock: Clock) -> None:
    """Give back what is held for `interaction`, except for what providers may still bill."""
    await give_back(
        hold.reservations,
        context,
        store=store,
        clock=clock,
        interaction=interaction,
        uncertain=hold.uncertain,
    )
    hold.given_back += [reservation.id for reservation in hold.reservations]
    hold.reservations.clear()
    hold.uncertain = Decimal(0)
