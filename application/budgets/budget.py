"""A tenant's budget: set and shown, with alerts. What calls reserve of it and spend: application/budgets/reserve.py, application/budgets/settle.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from application.base.setting import change_setting, latest_setting
from application.budgets.status import budget_status
from application.ports import Clock, Due, Store
from domain.base.context import Context
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
    changed = await change_setting(
        Budget,
        lambda budget: budget.set(command.limits, clock()),
        context,
        store=store,
        clock=clock,
        work=[alerts(clock())],
    )
    return BudgetSet(version=changed.version, position=changed.position)


async def budget_of(tenant: UUID, *, store: Store) -> Budget | None:
    """At most a second old, to be read only; None where no limits were ever set."""
    return await latest_setting(Budget, tenant, store=store)


def alerts(at: datetime) -> Due:
    """One row for all that is spent within the same seconds; a row of its own for the next, so that steady spending never puts it off."""
    every = ALERTS_EVERY.total_seconds()
    start = datetime.fromtimestamp(at.timestamp() // every * every, UTC)
    return Due(kind=ALERT_WORK, key=start.isoformat(), due_at=start + ALERTS_EVERY)


async def raise_alerts(key: str, context: Context, *, store: Store, clock: Clock) -> None:
    """Raise the alerts that are due by what is spent. `key` is the work's: the moment from which on there was spending."""
    if await budget_of(context.tenant, store=store) is None:
        return
    day = datetime.fromisoformat(key).date()
    found = await budget_status(BudgetLimits(), day, tenant=context.tenant, store=store)

    def decide(budget: Budget) -> None:
        for status in found:
            budget.watch(status.period, status.spent, clock())

    await change_setting(Budget, decide, context, store=store, clock=clock)
