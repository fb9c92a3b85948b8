"""Business: what the agent is worth, by day, week or month of the tenant's time zone; asked of answer_figures, contacts, sales and spending."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

import msgspec

from domain.base.money import short
from domain.insight.answer import COMPLETIONS, COUNTS
from domain.insight.calendar import By
from domain.insight.definitions import Conversion, Used
from domain.insight.sales import AMOUNTS, SALES
from domain.insight.worth import Sold, Worth, worth
from domain.models.pricing import EXACT
from projections import contacts, sales, spending
from projections.asked import Asked, Target, share, targets
from projections.base import Sql
from projections.quality import answer_sums, completed_of
from projections.slotted import sums_of


class BusinessFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of the days from `since` until before `until`; docs/analytics.md has each figure's formula. Money in USD; rates are 0 to 1, null of nothing.

    `sales`: what was bought and booked, by kind and currency, whatever of it counts. `unconverted`: currencies of conversions that have no exchange rate:
    what they brought is in no sum. `saved_value` null: nobody has said what an operator costs.
    """

    since: date
    until: date
    csat_rated: int
    csat: float | None
    conversations: int
    purchases: int
    bookings: int
    conversions: int
    conversion_rate: float | None
    answer_cost: Decimal
    cost_per_conversation: Decimal | None
    provider_cost: Decimal
    fixed_cost: Decimal
    cost: Decimal
    minutes_saved: Decimal
    saved_value: Decimal | None
    revenue: Decimal
    unconverted: list[str]
    return_on_investment: float | None
    sales: list[Sold]


class BusinessReport(msgspec.Struct, frozen=True, kw_only=True):
    """`totals`: of all days; `items`: of each period, in order. `used`: the definitions and inputs."""

    since: date
    until: date
    by: By
    used: Used
    targets: dict[str, Target]
    totals: BusinessFigures
    items: list[BusinessFigures]
    next_cursor: None = None


class Sums(msgspec.Struct, kw_only=True):
    """Of one period, or of several."""

    answers: Counter[str] = msgspec.field(default_factory=Counter)
    conversations: int = 0
    answer_cost: Decimal = Decimal(0)
    provider_cost: Decimal = Decimal(0)
    sold: dict[tuple[Conversion, str], Sold] = msgspec.field(default_factory=dict)

    def add(self, other: Sums) -> None:
        self.answers.update(other.answers)
        self.conversations += other.conversations
        self.answer_cost += other.answer_cost
        self.provider_cost += other.provider_cost
        for key, sold in other.sold.items():
            self.sold[key] = self.sold[key].plus(sold) if key in self.sold else sold


async def business(sql: Sql, tenant: UUID, asked: Asked) -> BusinessReport:
    """Each period has an item."""
    whole = Sums()
    with localcontext(EXACT):
        found = await _sums(sql, tenant, asked)
        for each in found.values():
            whole.add(each)
        items = [
            _figures(period.since, period.until, found[n], asked.used)
            for n, period in enumerate(asked.periods)
        ]
        totals = _figures(asked.since, asked.until, whole, asked.used)
    return BusinessReport(
        since=asked.since,
        until=asked.until,
        by=asked.by,
        used=asked.used,
        targets=targets(asked.used, "csat"),
        totals=totals,
        items=items,
    )


async def _sums(sql: Sql, tenant: UUID, asked: Asked) -> dict[int, Sums]:
    found: dict[int, Sums] = defaultdict(Sums)
    for (place, _), counts in (await answer_sums(sql, tenant, asked, "tenant")).items():
        found[place].answers.update(counts)
    by_channel = await answer_sums(sql, tenant, asked, "channel", ("cost",))
    for (place, channel), costs in by_channel.items():
        if channel != COMPLETIONS:
            found[place].answer_cost += costs["cost"]
    rows = await sums_of(sql, contacts.figures, tenant, asked.periods, names=("conversations",))
    for row in rows:
        found[row["period"]].conversations = int(row["conversations"])
    for row in await sums_of(sql, spending.figures, tenant, asked.periods, names=("cost",)):
        found[row["period"]].provider_cost = row["cost"]
    rows = await sums_of(sql, sales.figures, tenant, asked.periods, keys=sales.KEYS, names=sales.NAMES)
    for row in rows:
        found[row["period"]].sold[row["kind"], row["currency"]] = _sold(row)
    return found


def _sold(row: Any) -> Sold:
    figures = {name: int(row[name]) for name in SALES} | {name: row[name] for name in AMOUNTS}
    return Sold(kind=row["kind"], currency=row["currency"], **figures)


def _figures(since: date, until: date, sums: Sums, used: Used) -> BusinessFigures:
    counts = {name: sums.answers[name] for name in COUNTS}
    values = used.values
    rated = sum(counts[f"rated_{source}"] for source in values.csat_sources)
    helpful = sum(counts[f"helpful_{source}"] for source in values.csat_sources)
    found: Worth = worth(
        values,
        list(sums.sold.values()),
        completed=completed_of(counts, used),
        provider_cost=sums.provider_cost,
        days=(until - since).days,
    )
    return BusinessFigures(
        since=since,
        until=until,
        csat_rated=rated,
        csat=share(helpful, rated),
        conversations=sums.conversations,
        purchases=found.purchases,
        bookings=found.bookings,
        conversions=found.conversions,
        conversion_rate=share(found.conversions, sums.conversations),
        answer_cost=sums.answer_cost,
        cost_per_conversation=_each(sums.answer_cost, sums.conversations),
        provider_cost=sums.provider_cost,
        fixed_cost=found.fixed_cost,
        cost=found.cost,
        minutes_saved=found.minutes_saved,
        saved_value=found.saved_value,
        revenue=found.revenue,
        unconverted=found.unconverted,
        return_on_investment=found.return_on_investment,
        sales=[sums.sold[key] for key in sorted(sums.sold)],
    )


def _each(cost: Decimal, count: int) -> Decimal | None:
    return short(cost / count) if count else None
