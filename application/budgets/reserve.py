"""Before a model is called, the most that the call may cost is held in the tenant's budget."""

from __future__ import annotations

import asyncio
import math
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from application.base.in_work import waits_long
from application.base.tasks import run_to_end
from application.budgets.budget import budget_of
from application.budgets.charges import tallies_of
from application.budgets.hold import Hold, release
from application.budgets.ports import Ports
from application.budgets.settle import LIFETIME, RESERVATION_WORK, owed, reservation_of
from application.budgets.status import BudgetStatus, budget_status
from domain.base.context import Context
from domain.base.errors import LimitReached
from domain.base.money import pico, usd
from domain.budgets.budget import Budget, BudgetExhausted, BudgetHeld
from domain.budgets.reservation import Reservation
from domain.budgets.spending import held

PATIENCE = 60.0
"""Seconds that a call waits for others under way, unless its caller says otherwise."""

PAUSES = (0.05, 0.8)
"""The first and the longest pause of a call that waits, in seconds."""

LONGEST_RETRY = 60
"""Seconds after which a refused caller may try again, at most: few calls take longer."""


async def reserve(
    amount: Decimal,
    interaction: UUID,
    model: str,
    context: Context,
    ports: Ports,
    *,
    lifetime: timedelta = LIFETIME,
    patience: float = PATIENCE,
    hold: Hold | None = None,
) -> Reservation | None:
    """Hold `amount` USD, the most that a call may cost, in the budget of today (UTC) and this month.

    None where there is no limit, or nothing to pay. Raises BudgetExhausted where what is spent leaves no room for it. While only what
    others hold is in the way, who may give back a part, it waits for `patience` seconds and raises BudgetHeld then.

    `hold` gets the reservation. Beside what it has already it needs `amount`; before it waits it gives that back, and then needs
    both: else it would wait for itself, or two calls for each other. What the process holds ahead is given back too.
    """
    if amount <= 0:
        return None
    reserving = _Reserving(interaction, model, context, ports, lifetime, hold or Hold())
    deadline, pause, look = time.monotonic() + patience, PAUSES[0], False
    pool, queue = ports.reservation_pool, ports.budget_queue
    with queue.waiting(context.tenant) as turn:
        while True:
            budget = await budget_of(context.tenant, store=ports.store)
            if budget is None or not budget.state.limits.any:
                return None
            late = time.monotonic() >= deadline
            lacking = await reserving.lacking(amount, budget) if look else None
            if lacking is None and (late or queue.free(context.tenant, turn)):
                try:
                    return await reserving.hold(amount, budget)
                except LimitReached:
                    look = True
                if pool is not None and await pool.give_back(context.tenant):
                    pool.refused(context.tenant)
                    continue
                lacking = await reserving.lacking(amount, budget)
            if lacking is not None and lacking.spent + amount > (lacking.limit or 0):
                raise await reserving.exhausted(lacking, amount, budget)
            if reserving.into.reservations:
                amount += await reserving.give_back()
            elif lacking is not None and late:
                raise await reserving.held(lacking, amount, budget)
            else:
                waits_long()
                await asyncio.sleep(
                    min(pause * random.uniform(0.5, 1), max(0.0, deadline - time.monotonic()))
                )
                pause = min(2 * pause, PAUSES[1])


@dataclass(frozen=True)
class _Reserving:
    interaction: UUID
    model: str
    context: Context
    ports: Ports
    lifetime: timedelta
    into: Hold

    async def hold(self, amount: Decimal, budget: Budget) -> Reservation:
        """Raises LimitReached. What is held is known to the call, also where its caller goes away meanwhile."""
        made = reservation_of(
            budget,
            pico(amount),
            self.interaction,
            self.model,
            id=self.ports.ids(),
            at=self.ports.clock(),
            lifetime=self.lifetime,
        )
        tallies = tallies_of(held(made.state.day, made.state.amount), budget.state.limits)

        async def save() -> None:
            async with self.into.lock:
                await self.ports.store.save(made, context=self.context, work=[owed(made)], tallies=tallies)
                self.into.reservations.append(made)

        await run_to_end(save())
        return made

    async def give_back(self) -> Decimal:
        """What the call holds, so that it waits for nobody but others. USD that it needs again."""
        into = self.into
        again = sum((each.amount for each in into.reservations), Decimal(0)) - into.uncertain

        async def save() -> None:
            async with into.lock:
                await release(
                    into, self.interaction, self.context, store=self.ports.store, clock=self.ports.clock
                )

        await run_to_end(save())
        return again

    async def lacking(self, amount: Decimal, budget: Budget) -> BudgetStatus | None:
        """The period that has no room for `amount`: the one in which least is left by what is spent."""
        found = await budget_status(
            budget.state.limits, self.ports.clock().date(), tenant=self.context.tenant, store=self.ports.store
        )
        lacking = [each for each in found if each.remaining is not None and each.remaining < amount]
        return min(lacking, key=lambda each: (each.limit or 0) - each.spent, default=None)

    async def exhausted(self, lacking: BudgetStatus, amount: Decimal, budget: Budget) -> BudgetExhausted:
        """The refusal for good; the first of a period goes on record."""
        limits, period, limit = budget.state.limits, lacking.period, lacking.limit or Decimal(0)
        if period not in budget.state.exhausted:

            def decide(found: Budget | None) -> Budget:
                assert found is not None
                found.exhaust(period, amount, self.ports.clock())
                return found

            await self.ports.store.change(Budget, budget.id, decide, context=self.context)
        return BudgetExhausted(
            f"the budget of {limit} USD for {period} (UTC) does not cover this call: {lacking.spent} are spent, {lacking.reserved} "
            f"reserved by calls under way, and it may need {usd(pico(amount))}; raise the budget or wait until "
            f"{lacking.until:%Y-%m-%dT%H:%MZ}",
            period=period,
            limit=limit,
            until=lacking.until,
            on_hard=limits.on_hard,
        )

    async def held(self, lacking: BudgetStatus, amount: Decimal, budget: Budget) -> BudgetHeld:
        """The refusal for now."""
        limit = lacking.limit or Decimal(0)
        work = await self.ports.store.work(self.context.tenant, RESERVATION_WORK)
        left = 1.0 if work.first is None else (work.first - self.ports.clock()).total_seconds()
        seconds = max(1, min(math.ceil(left), LONGEST_RETRY))
        calls = f"{work.rows} call{'' if work.rows == 1 else 's'}"
        return BudgetHeld(
            f"the budget of {limit} USD for {lacking.period} (UTC) has no room for this call at the moment: {lacking.spent} are spent, "
            f"{lacking.reserved} are held by {calls} under way, or not heard to the end, and it may need {usd(pico(amount))}; "
            f"try again in {seconds} s, or raise the budget",
            period=lacking.period,
            limit=limit,
            until=lacking.until,
            on_hard=budget.state.limits.on_hard,
            spent=lacking.spent,
            held=lacking.reserved,
            calls=work.rows,
            retry_after=seconds,
        )
