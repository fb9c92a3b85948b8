"""A tenant's budget for models by day and month (UTC).

What is spent and reserved is a tally that all commands share (kind `TALLIES`), in pico-USD:

    day:2026-11-21        spent and reserved on that day
    month:2026-11         spent and reserved in that month
    reserved:2026-11-21   of these what calls in flight have reserved on that day, or processes ahead of them

domain/budgets/spending.py says what each event adds to them.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from domain.base.aggregate import EPOCH, NIL, CreatedEvent
from domain.base.errors import Invalid, Refused
from domain.base.one_per_tenant import OnePerTenant
from domain.models.ceiling import Ceiling

TALLIES = "budget"
LARGEST = Decimal(1_000_000)
"""USD of a limit. Tallies are 64-bit: they could count up to nine times as much."""

FINEST = Decimal("0.000001")
"""USD; a limit is a multiple of it."""

KEPT = 2
"""Days, and months, of whose alerts the state knows."""

OnHard = Literal["degrade", "stop"]


class BudgetRefusal(Refused):
    """The budget has no room for this call.

    Facts: `period` (2026-11-21 or 2026-11), `limit` (USD), `until` (when the period ends), `on_hard`.
    """

    def __init__(
        self, detail: str, *, period: str, limit: Decimal, until: datetime, on_hard: OnHard, **facts: object
    ) -> None:
        known = {"period": period, "limit": str(limit), "until": until.isoformat(), "on_hard": on_hard}
        super().__init__(detail, **known, **facts)
        self.period, self.limit, self.until = period, limit, until
        self.on_hard: OnHard = on_hard


class BudgetExhausted(BudgetRefusal):
    """The budget does not cover this call; raise it or wait until its period ends."""


class BudgetHeld(BudgetRefusal):
    """What calls under way hold of the budget leaves no room for this one; try again when some of them have ended.

    Facts beside those of a BudgetRefusal: `spent` and `held` (USD), `calls` that hold it, `retry_after` (seconds).
    """

    def __init__(
        self, detail: str, *, spent: Decimal, held: Decimal, calls: int, retry_after: int, **facts: Any
    ) -> None:
        facts |= {"spent": str(spent), "held": str(held), "calls": calls, "retry_after": retry_after}
        super().__init__(detail, **facts)
        self.retry_after = retry_after


class BudgetLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`day` and `month`: USD that may be spent in each (UTC); null: as much as is needed.

    `soft`: shares of a limit at which an alert is raised. `on_hard`: what becomes of a call that the budget does not cover: the
    cheapest model answers it, or it is refused. `ceiling`: what a model costs that has no price, in USD per million tokens; null: under
    a limit such a model is not asked.
    """

    day: Decimal | None = None
    month: Decimal | None = None
    soft: tuple[float, ...] = (0.8, 1.0)
    on_hard: OnHard = "stop"
    ceiling: Ceiling | None = None

    def check(self) -> None:
        """Raises Invalid."""
        if self.ceiling is not None:
            self.ceiling.price("any", "model", EPOCH).check()
        for name, limit in (("day", self.day), ("month", self.month)):
            if limit is None:
                continue
            if not limit.is_finite() or not 0 <= limit <= LARGEST or limit != limit.quantize(FINEST):
                raise Invalid(
                    f"{name} is an amount of USD from 0 to {LARGEST} with at most 6 decimals, or null"
                )
        if (
            len(self.soft) > 10
            or list(self.soft) != sorted(set(self.soft))
            or not all(0 < s <= 1 for s in self.soft)
        ):
            raise Invalid("soft holds at most 10 shares above 0 and up to 1, in ascending order")

    @property
    def any(self) -> bool:
        return self.day is not None or self.month is not None

    def of(self, period: str) -> Decimal | None:
        """The limit of a day (2026-11-21) or a month (2026-11)."""
        return self.day if len(period) == 10 else self.month


def month_of(day: date) -> str:
    return day.isoformat()[:7]


class BudgetState(msgspec.Struct):
    limits: BudgetLimits = BudgetLimits()
    alerts: dict[str, tuple[float, ...]] = {}
    """Period → shares that an alert was raised for."""

    exhausted: dict[str, bool] = {}
    """Periods in which a call was not covered."""


class Budget(OnePerTenant[BudgetState]):
    """One per tenant. Nothing in it is personal."""

    TOPIC = "budget"
    State = BudgetState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "budget.created"
        PERSONAL: ClassVar[bool] = False

    class Set(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "budget.set"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        limits: BudgetLimits

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The limits of the first version had no ceiling, which is null by default."""

        def apply(self, aggregate: Budget) -> None:
            """A limit that has changed is watched anew."""
            state = aggregate.state
            for period in {*state.alerts, *state.exhausted}:
                if state.limits.of(period) != self.limits.of(period):
                    state.alerts.pop(period, None)
                    state.exhausted.pop(period, None)
            state.limits = self.limits

    class AlertRaised(Event, frozen=True, kw_only=True):
        """`share` of the limit is spent. `spent` and `limit` are in USD."""

        TOPIC: ClassVar[str] = "budget.alert_raised"
        PERSONAL: ClassVar[bool] = False
        period: str
        share: float
        spent: Decimal
        limit: Decimal

        def apply(self, aggregate: Budget) -> None:
            alerts = aggregate.state.alerts
            alerts[self.period] = (*alerts.get(self.period, ()), self.share)
            _forget_old(alerts, self.period)

    class Exhausted(Event, frozen=True, kw_only=True):
        """The first call of a period that the budget did not cover; it needed up to `needed` USD."""

        TOPIC: ClassVar[str] = "budget.exhausted"
        PERSONAL: ClassVar[bool] = False
        period: str
        limit: Decimal
        needed: Decimal
        on_hard: OnHard

        def apply(self, aggregate: Budget) -> None:
            aggregate.state.exhausted[self.period] = True
            _forget_old(aggregate.state.exhausted, self.period)

    class TalliesMended(Event, frozen=True, kw_only=True):
        """The tallies were not the sums of the log; `changes`, in pico-USD, brought them back."""

        TOPIC: ClassVar[str] = "budget.tallies_mended"
        PERSONAL: ClassVar[bool] = False
        changes: dict[str, int]

    @property
    def subject(self) -> UUID:
        return NIL

    def set(self, limits: BudgetLimits, at: datetime) -> None:
        limits.check()
        if limits != self.state.limits:
            self.trigger(self.Set, at=at, limits=limits)

    def watch(self, period: str, spent: Decimal, at: datetime) -> None:
        """Raise the alerts that are due, each once a period and limit. `spent` in USD."""
        limit = self.state.limits.of(period)
        for share in self.state.limits.soft if limit is not None and spent > 0 else ():
            reached = spent >= Decimal(str(share)) * (limit or 0)
            if reached and share not in self.state.alerts.get(period, ()):
                self.trigger(self.AlertRaised, at=at, period=period, share=share, spent=spent, limit=limit)

    def exhaust(self, period: str, needed: Decimal, at: datetime) -> None:
        """Record, once a period and limit, that a call was not covered."""
        limits = self.state.limits
        if limits.of(period) is not None and period not in self.state.exhausted:
            facts = {"limit": limits.of(period), "needed": needed, "on_hard": limits.on_hard}
            self.trigger(self.Exhausted, at=at, period=period, **facts)

    def mend(self, changes: dict[str, int], at: datetime) -> None:
        """Record what brings the tallies back to the log's sums."""
        self.trigger(self.TalliesMended, at=at, changes=changes)


def _forget_old(periods: dict[str, tuple[float, ...]] | dict[str, bool], period: str) -> None:
    """Keep the newest days, or months, alone."""
    for old in sorted(p for p in periods if len(p) == len(period))[:-KEPT]:
        del periods[old]
