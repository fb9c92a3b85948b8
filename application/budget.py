"""A tenant's budget: set and shown; reserved before each call of a provider, settled after it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from application.context import Context
from application.ports import Clock, Ids, Owed, Settled, Store, Tally
from application.spending import tallies_of
from application.standing import Standing, standings
from domain.base import Aggregate
from domain.budget import Budget, BudgetExhausted, BudgetLimits
from domain.completion import Attempt
from domain.errors import Conflict, LimitReached, NotFound
from domain.money import pico, usd
from domain.reservation import Reservation
from domain.spending import charged_for, held

RESERVATION_WORK, ALERT_WORK = "reservation", "budget_alerts"
LIFETIME = timedelta(minutes=2)
"""For which a reservation is held: longer than a call with its retries takes."""

PATIENCE = 5.0
"""Seconds that a call waits for others under way to give back what they have reserved and not needed."""

PAUSES = (0.05, 0.8)
"""The first and the longest pause of a call that waits, in seconds."""

ALERTS_EVERY = timedelta(seconds=5)


class SetBudget(msgspec.Struct, frozen=True, kw_only=True):
    limits: BudgetLimits


class BudgetSet(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 when these limits were there already."""

    version: int
    position: int


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """To be saved together with the event that records the attempts."""

    aggregates: tuple[Aggregate[Any], ...]
    work: tuple[Owed | Settled, ...]
    tallies: tuple[Tally, ...]


async def set_budget(command: SetBudget, context: Context, *, store: Store, clock: Clock) -> BudgetSet:
    """Put limits in the place of the present ones; every process holds to them within a second. Raises Invalid."""
    command.limits.check()

    def decide(budget: Budget | None) -> Budget:
        if budget is None and command.limits == BudgetLimits():
            raise _NothingToSet
        budget = budget or Budget.begin(context.tenant, clock())
        budget.set(command.limits, clock())
        return budget

    id = Budget.id_of(context.tenant)
    try:
        budget, saved = await store.change(Budget, id, decide, context=context, work=[_alerts(clock())])
    except _NothingToSet:
        return BudgetSet(version=0, position=0)
    return BudgetSet(version=budget.version, position=saved.position)


async def budget_of(tenant: UUID, *, store: Store) -> Budget | None:
    """At most a second old, to be read only; None where no limits were ever set."""
    try:
        return await store.latest(Budget, Budget.id_of(tenant), tenant=tenant)
    except NotFound:
        return None


async def reserve(
    amount: Decimal,
    interaction: UUID,
    model: str,
    context: Context,
    *,
    store: Store,
    clock: Clock,
    ids: Ids,
    lifetime: timedelta = LIFETIME,
    patience: float = PATIENCE,
    earlier: list[Reservation] | None = None,
) -> Reservation | None:
    """Hold `amount` USD, the most that a call may cost, in the budget of today (UTC) and this month.

    None where there is no limit, or nothing to pay. Raises BudgetExhausted where the budget does not cover it; while only calls under
    way are in the way, who may give back a part, it waits up to `patience` seconds first.

    `earlier`: what the same call has reserved already, beside which it needs `amount`. Before it waits it gives that back, and then
    needs both: else it would wait for itself, or two calls for each other. `earlier` is empty then.
    """
    if amount <= 0:
        return None
    deadline, pause = time.monotonic() + patience, PAUSES[0]
    while True:
        budget = await budget_of(context.tenant, store=store)
        if budget is None or not budget.state.limits.any:
            return None
        reservation = Reservation.make(
            ids(),
            interaction=interaction,
            model=model,
            amount=pico(amount),
            day_limit=budget.state.limits.day,
            month_limit=budget.state.limits.month,
            budget=budget.version,
            expires_at=clock() + lifetime,
            at=clock(),
        )
        try:
            await store.save(
                reservation,
                context=context,
                work=[
                    Owed(kind=RESERVATION_WORK, key=reservation.id.hex, due_at=reservation.state.expires_at)
                ],
                tallies=tallies_of(
                    held(reservation.state.day, reservation.state.amount), budget.state.limits
                ),
            )
            return reservation
        except LimitReached:
            lacking = await _lacking(amount, budget.state.limits, context.tenant, store, clock)
        if lacking is not None and earlier:
            amount += sum((each.amount for each in earlier), Decimal(0))
            await give_back(earlier, context, store=store, clock=clock)
            earlier.clear()
            continue
        while lacking is not None:
            if lacking.spent + amount > (lacking.limit or 0) or time.monotonic() + pause > deadline:
                raise await _exhausted(lacking, amount, budget, context, store, clock)
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, PAUSES[1])
            lacking = await _lacking(amount, budget.state.limits, context.tenant, store, clock)


def settlement(attempts: Iterable[Attempt], reservations: Sequence[Reservation], at: datetime) -> Settlement:
    """Charge what `attempts` cost to the day and month in which each began, and end the reservations.

    `attempts` are those of the event that is saved with it, no more and no less. A settlement is never refused: what a call has cost
    counts, whatever was reserved. When the save raises Conflict, take `refreshed` reservations and make another one.
    """
    changes = charged_for(attempts)
    costly = bool(changes)
    ended = [_copied(reservation) for reservation in reservations if reservation.state.open]
    for reservation in ended:
        reservation.settle(at)
        changes.update(held(reservation.state.day, -reservation.state.amount))
    work: list[Owed | Settled] = [Settled(kind=RESERVATION_WORK, key=each.id.hex) for each in ended]
    if ended and costly:
        work.append(_alerts(at))
    return Settlement(aggregates=tuple(ended), work=tuple(work), tallies=tallies_of(changes))


async def give_back(
    reservations: Sequence[Reservation], context: Context, *, store: Store, clock: Clock
) -> None:
    """End what a call has reserved, while it goes on."""
    left = tuple(reservations)
    while left:
        settled = settlement((), left, clock())
        try:
            await store.save(*settled.aggregates, context=context, work=settled.work, tallies=settled.tallies)
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
            work=[Settled(kind=RESERVATION_WORK, key=id.hex)],
            tallies=tallies_of(held(state.day, -state.amount)),
        )
    return None


async def raise_alerts(key: str, context: Context, *, store: Store, clock: Clock) -> None:
    """Raise the alerts that are due by what is spent. `key` is the work's: the moment from which on there was spending."""
    budget = await budget_of(context.tenant, store=store)
    if budget is None:
        return
    day = datetime.fromisoformat(key).date()
    found = await standings(BudgetLimits(), day, tenant=context.tenant, store=store)

    def decide(budget: Budget | None) -> Budget:
        assert budget is not None  # no budget is ever taken away
        for standing in found:
            budget.watch(standing.period, standing.spent, clock())
        return budget

    await store.change(Budget, budget.id, decide, context=context)


class _NothingToSet(Exception):
    """There is no budget, and none is asked for."""


def _alerts(at: datetime) -> Owed:
    """One row for all that is spent within the same seconds; a row of its own for the next, so that steady spending never puts it off."""
    every = ALERTS_EVERY.total_seconds()
    start = datetime.fromtimestamp(at.timestamp() // every * every, UTC)
    return Owed(kind=ALERT_WORK, key=start.isoformat(), due_at=start + ALERTS_EVERY)


def _copied(reservation: Reservation) -> Reservation:
    """A settlement that could not be saved leaves the reservation as it was."""
    state, created, modified = (
        msgspec.structs.replace(reservation.state),
        reservation.created_on,
        reservation.modified_on,
    )
    copy = Reservation.restore(reservation.id, reservation.version, state, created, modified)
    copy.chain = reservation.chain
    return copy


async def _lacking(
    amount: Decimal, limits: BudgetLimits, tenant: UUID, store: Store, clock: Clock
) -> Standing | None:
    """The period that has no room for `amount`: the one that has least."""
    found = await standings(limits, clock().date(), tenant=tenant, store=store)
    lacking = [each for each in found if each.remaining is not None and each.remaining < amount]
    return min(lacking, key=lambda each: (each.limit or 0) - each.spent, default=None)


async def _exhausted(
    lacking: Standing, amount: Decimal, budget: Budget, context: Context, store: Store, clock: Clock
) -> BudgetExhausted:
    """The refusal; the first of a period goes on record."""
    limits, period, limit = budget.state.limits, lacking.period, lacking.limit or Decimal(0)
    if period not in budget.state.exhausted:

        def decide(found: Budget | None) -> Budget:
            assert found is not None
            found.exhaust(period, amount, clock())
            return found

        await store.change(Budget, budget.id, decide, context=context)
    until = f"{lacking.until:%Y-%m-%dT%H:%MZ}"
    return BudgetExhausted(
        f"the budget of {limit} USD for {period} (UTC) does not cover this call: {lacking.spent} are spent, {lacking.reserved} "
        f"reserved by calls under way, and it may need {usd(pico(amount))}; raise the budget or wait until {until}",
        period=period,
        limit=limit,
        until=lacking.until,
        on_hard=limits.on_hard,
    )
