"""A tenant's budget: set and shown, with alerts. What calls reserve of it and spend: application/budgets/reserve.py, application/budgets/settle.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from application.budgets.status import budget_status
from application.ports import Clock, Owed, Store
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.budgets.budget import Budget, BudgetLimits

ALERT_WORK = "budget_alerts"
ALERTS_EVERY = timedelta(seconds=5)


class SetBudget(msgspec.Struct, frozen=True, kw_only=True):
    limits: BudgetLimits


class BudgetSet(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 when these limits were there already."""

    version: int
    position: int


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
        budget, saved = await store.change(Budget, id, decide, context=context, work=[alerts(clock())])
    except _NothingToSet:
        return BudgetSet(version=0, position=0)
    return BudgetSet(version=budget.version, position=saved.position)


async def budget_of(tenant: UUID, *, store: Store) -> Budget | None:
    """At most a second old, to be read only; None where no limits were ever set."""
    try:
        return await store.latest(Budget, Budget.id_of(tenant), tenant=tenant)
    except NotFound:
        return None


def alerts(at: datetime) -> Owed:
    """One row for all that is spent within the same seconds; a row of its own for the next, so that steady spending never puts it off."""
    every = ALERTS_EVERY.total_seconds()
    start = datetime.fromtimestamp(at.timestamp() // every * every, UTC)
    return Owed(kind=ALERT_WORK, key=start.isoformat(), due_at=start + ALERTS_EVERY)


async def raise_alerts(key: str, context: Context, *, store: Store, clock: Clock) -> None:
    """Raise the alerts that are due by what is spent. `key` is the work's: the moment from which on there was spending."""
    budget = await budget_of(context.tenant, store=store)
    if budget is None:
        return
    day = datetime.fromisoformat(key).date()
    found = await budget_status(BudgetLimits(), day, tenant=context.tenant, store=store)

    def decide(budget: Budget | None) -> Budget:
        assert budget is not None  # no budget is ever taken away
        for status in found:
            budget.watch(status.period, status.spent, clock())
        return budget

    await store.change(Budget, budget.id, decide, context=context)


class _NothingToSet(Exception):
    """There is no budget, and none is asked for."""
