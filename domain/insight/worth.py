"""What the agent is worth: conversions, revenue, time saved, return on investment, by a tenant's definitions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from domain.base.money import short
from domain.insight.definitions import Conversion, Definitions

NOTHING = Decimal(0)


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """What was bought or booked in one currency: how many and for how much; `attributed` of them after an answer of the agent's; `cancelled` of them since."""

    kind: Conversion
    currency: str
    made: int = 0
    attributed: int = 0
    cancelled: int = 0
    cancelled_attributed: int = 0
    amount: Decimal = NOTHING
    attributed_amount: Decimal = NOTHING
    cancelled_amount: Decimal = NOTHING
    cancelled_attributed_amount: Decimal = NOTHING

    def plus(self, other: Sold) -> Sold:
        """In an exact context of decimals."""
        sums = {
            name: getattr(self, name) + getattr(other, name)
            for name in self.__struct_fields__
            if name not in ("kind", "currency")
        }
        return Sold(kind=self.kind, currency=self.currency, **sums)

    def counts(self, attributed_only: bool) -> tuple[int, Decimal]:
        """How many count, and for how much: what was cancelled does not."""
        if attributed_only:
            amount = self.attributed_amount - self.cancelled_attributed_amount
            return self.attributed - self.cancelled_attributed, amount
        return self.made - self.cancelled, self.amount - self.cancelled_amount


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """Money in USD. `saved_value`: None where nobody has said what an operator costs; `return_on_investment`: None where nothing was spent."""

    purchases: int
    bookings: int
    conversions: int
    revenue: Decimal
    unconverted: list[str]
    minutes_saved: Decimal
    saved_value: Decimal | None
    fixed_cost: Decimal
    cost: Decimal
    return_on_investment: float | None


def worth(
    values: Definitions, sold: Sequence[Sold], *, completed: int, provider_cost: Decimal, days: int
) -> Worth:
    """Of so many days, in an exact context of decimals. `completed`: answers that are complete."""
    counts = {"purchase": 0, "booking": 0}
    revenue, unconverted = NOTHING, set[str]()
    for each in sold:
        count, amount = each.counts(values.attributed_only)
        counts[each.kind] += count
        if each.kind not in values.conversions or not count:
            continue
        fixed = values.revenue_per_purchase if each.kind == "purchase" else values.revenue_per_booking
        if fixed is not None:
            revenue += fixed * count
        elif (rate := values.rate(each.currency)) is not None:
            revenue += amount * rate
        elif amount:
            unconverted.add(each.currency)
    minutes = values.minutes_saved_per_answer * completed
    hourly = values.operator_cost_per_hour
    saved = None if hourly is None else short(minutes * hourly / 60)
    fixed_cost = values.fixed_cost_per_day * days
    cost = provider_cost + fixed_cost
    gained = revenue + (saved or NOTHING)
    return Worth(
        purchases=counts["purchase"],
        bookings=counts["booking"],
        conversions=sum(counts[kind] for kind in values.conversions),
        revenue=short(revenue),
        unconverted=sorted(unconverted),
        minutes_saved=short(minutes),
        saved_value=saved,
        fixed_cost=short(fixed_cost),
        cost=cost,
        return_on_investment=float(short((gained - cost) / cost)) if cost else None,
    )
