"""The end of what calls have reserved: settled with the event that records them, given back, or expired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from application.budgets.budget import alerts
from application.budgets.charges import tallies_of
from application.ports import Clock, Done, Due, Store, Tally
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.base.money import pico
from domain.budgets.budget import Budget, BudgetLimits
from domain.budgets.reservation import Reservation
from domain.budgets.spending import charged_for, held
from domain.models.completion import Attempt

RESERVATION_WORK = "reservation"
LIFETIME = timedelta(minutes=2)
"""For which a reservation is held after its process was last heard of: while its call goes on it is extended (application/gateway/lease.py).

And what a provider may still bill after nobody waits for it any more. Most stop at once; others bring an answer to its end.
"""

NEAR = Decimal("0.9")
"""The share of a limit beyond which nothing is reserved ahead."""


class PooledReservation(NamedTuple):
    """A reservation ahead of its call. `limits` are those it is held against; `since` by the monotonic clock."""

    reservation: Reservation
    limits: BudgetLimits
    context: Context
    since: float


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """To be saved together with the event that records the attempts: `ended` before it, `ahead` after it."""

    ended: tuple[Aggregate[Any], ...]
    ahead: tuple[Aggregate[Any], ...]
    work: tuple[Due | Done, ...]
    tallies: tuple[Tally, ...]


def reservation_of(
    budget: Budget, amount: int, interaction: UUID, model: str, *, id: UUID, at: datetime, lifetime: timedelta
) -> Reservation:
    """A new one, of `amount` pico-USD, held against the limits in force."""
    limits = budget.state.limits
    return Reservation.make(
        id,
        interaction=interaction,
        model=model,
        amount=amount,
        day_limit=limits.day,
        month_limit=limits.month,
        budget=budget.version,
        expires_at=at + lifetime,
        at=at,
    )


def settlement(
    attempts: Iterable[Attempt],
    reservations: Sequence[Reservation],
    at: datetime,
    *,
    interaction: UUID | None = None,
    spare: PooledReservation | None = None,
    uncertain: Decimal = Decimal(0),
) -> Settlement:
    """Charge what `attempts` cost to the day and month in which each began, and end the reservations, which `interaction` has used.

    `uncertain`: USD beyond that which providers may still bill: so much of the reservations stays held for a while.

    `attempts` are those of the event that is saved with it, no more and no less. A settlement is never refused: what a call has cost
    counts, whatever was reserved. When the save raises Conflict, take `refreshed` reservations and make another one.

    With a `spare`, for whoever calls next, the save raises LimitReached where that would come near the limits; then make another one
    without it. A spare that is the call's own reservation stays as it is.
    """
    changes = charged_for(attempts)
    work: list[Due | Done] = [alerts(at)] if reservations and changes else []
    stays, kept = None if spare is None else spare.reservation, pico(uncertain)
    ended = [copied(each) for each in reservations if each.state.open and each is not stays]
    for reservation in ended:
        amount, retained = reservation.state.amount, min(kept, reservation.state.amount)
        kept -= retained
        changes.update(held(reservation.state.day, retained - amount))
        if retained:
            reservation.retain(retained, at + LIFETIME, at, interaction)
            work.append(owed(reservation))
        else:
            reservation.settle(at, interaction)
            work.append(Done(kind=RESERVATION_WORK, key=reservation.id.hex))
    if spare is None:
        return Settlement(ended=tuple(ended), ahead=(), work=tuple(work), tallies=tallies_of(changes))
    near = BudgetLimits(day=_near(spare.limits.day), month=_near(spare.limits.month))
    ahead = () if spare.reservation in reservations else (spare.reservation,)
    for reservation in ahead:
        changes.update(held(reservation.state.day, reservation.state.amount))
        work.append(owed(reservation))
    return Settlement(ended=tuple(ended), ahead=ahead, work=tuple(work), tallies=tallies_of(changes, near))


def owed(reservation: Reservation) -> Due:
    """The work that gives it back, should nobody else, when it ends by itself."""
    return Due(kind=RESERVATION_WORK, key=reservation.id.hex, due_at=reservation.state.expires_at)


async def give_back(
    reservations: Sequence[Reservation],
    context: Context,
    *,
    store: Store,
    clock: Clock,
    interaction: UUID | None = None,
    uncertain: Decimal = Decimal(0),
) -> None:
    """End what nobody needs, or `interaction` does not for now; what is `uncertain` (USD) stays held for a while."""
    left = tuple(reservations)
    while left:
        settled = settlement((), left, clock(), interaction=interaction, uncertain=uncertain)
        try:
            await store.save(*settled.ended, context=context, work=settled.work, tallies=settled.tallies)
            return
        except Conflict:
            left = await refreshed(left, tenant=context.tenant, store=store)


async def refreshed(
    reservations: Sequence[Reservation], *, tenant: UUID, store: Store
) -> tuple[Reservation, ...]:
    """Those that are open still. The others have expired, or are settled: what they held is free already."""
    found = [await store.load(Reservation, each.id, tenant=tenant) for each in reservations]
    return tuple(each for each in found if each.state.open)


async def expire_reservation(id: UUID, context: Context, *, store: Store, clock: Clock) -> datetime | None:
    """Give back what a call has reserved that never came to its end. Returns when to look again, if it is too early."""
    reservation = await store.load(Reservation, id, tenant=context.tenant)
    state = reservation.state
    if not state.open:
        return None
    if clock() < state.expires_at:
        return state.expires_at
    reservation.expire(clock())
    with suppress(Conflict):  # its call has just settled it
        await store.save(
            reservation,
            context=context,
            work=[Done(kind=RESERVATION_WORK, key=id.hex)],
            tallies=tallies_of(held(state.day, -state.amount)),
        )
    return None


def _near(limit: Decimal | None) -> Decimal | None:
    return None if limit is None else limit * NEAR


def copied(reservation: Reservation) -> Reservation:
    """A settlement that could not be saved leaves the reservation as it was."""
    state, created, modified = (
        msgspec.structs.replace(reservation.state),
        reservation.created_on,
        reservation.modified_on,
    )
    copy = Reservation.restore(reservation.id, reservation.version, state, created, modified)
    copy.chain = reservation.chain
    return copy
