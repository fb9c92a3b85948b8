"""Before a model is called, the most that the call may cost is held in the tenant's budget."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from application.budget import budget_of
from application.context import Context
from application.ports import Clock, Ids, Store
from application.settling import LIFETIME, give_back, owed, reservation_of
from application.spares import Spares
from application.spending import tallies_of
from application.standing import Standing, standings
from domain.budget import Budget, BudgetExhausted, BudgetLimits
from domain.errors import LimitReached
from domain.money import pico, usd
from domain.reservation import Reservation
from domain.spending import held

PATIENCE = 5.0
"""Seconds that a call waits for others under way to give back what they have reserved and not needed."""

PAUSES = (0.05, 0.8)
"""The first and the longest pause of a call that waits, in seconds."""


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
    spares: Spares | None = None,
) -> Reservation | None:
    """Hold `amount` USD, the most that a call may cost, in the budget of today (UTC) and this month.

    None where there is no limit, or nothing to pay. Raises BudgetExhausted where the budget does not cover it; while only calls under
    way are in the way, who may give back a part, it waits up to `patience` seconds first.

    `earlier`: what the same call has reserved already, beside which it needs `amount`. Before it waits it gives that back, and then
    needs both: else it would wait for itself, or two calls for each other. `earlier` is empty then. The process's `spares` are given
    back too.
    """
    if amount <= 0:
        return None
    deadline, pause = time.monotonic() + patience, PAUSES[0]
    while True:
        budget = await budget_of(context.tenant, store=store)
        if budget is None or not budget.state.limits.any:
            return None
        reservation = reservation_of(
            budget, pico(amount), interaction, model, id=ids(), at=clock(), lifetime=lifetime
        )
        try:
            await store.save(
                reservation,
                context=context,
                work=[owed(reservation)],
                tallies=tallies_of(
                    held(reservation.state.day, reservation.state.amount), budget.state.limits
                ),
            )
            return reservation
        except LimitReached:
            if spares is not None and await spares.give_back(context.tenant):
                continue
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
