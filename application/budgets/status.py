"""How a budget stands: what is spent and reserved in a day and its month."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from application.ports import Store
from domain.base.money import usd
from domain.budgets.budget import TALLIES, BudgetLimits, month_of


class BudgetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A day (2026-11-21) or month (2026-11), which ends at `until`. USD; `limit` and `remaining` are None without a limit.

    `spent` is what calls have cost that are over, `reserved` what those under way may cost at most, what providers may still bill for
    those that were not heard to their end, and what is held for a second ahead of the next ones.
    """

    period: str
    until: datetime
    limit: Decimal | None
    spent: Decimal
    reserved: Decimal

    @property
    def remaining(self) -> Decimal | None:
        return None if self.limit is None else self.limit - self.spent - self.reserved


async def budget_status(
    limits: BudgetLimits, day: date, *, tenant: UUID, store: Store
) -> tuple[BudgetStatus, BudgetStatus]:
    """The day's, and its month's, as of now."""
    month = month_of(day)
    days = [day.replace(day=n + 1) for n in range(day.day)]
    following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    keys = [f"day:{day}", f"month:{month}", *(f"reserved:{each}" for each in days)]
    values = (await store.tallies(tenant, TALLIES, keys)).values

    def status(period: str, key: str, reserving: list[date], end: date) -> BudgetStatus:
        reserved = sum(values.get(f"reserved:{each}", 0) for each in reserving)
        return BudgetStatus(
            period=period,
            until=datetime.combine(end, time(), UTC),
            limit=limits.of(period),
            spent=usd(values.get(key, 0) - reserved),
            reserved=usd(reserved),
        )

    return (
        status(str(day), f"day:{day}", [day], day + timedelta(days=1)),
        status(month, f"month:{month}", days, following),
    )
