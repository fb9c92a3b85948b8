"""A rule: which metric is watched over which window, from where on it is bad, and who is told how often."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from domain.base.errors import Invalid
from domain.insight.alerts.metrics import DAY, LONGEST, METRICS, STEP, Metric

Severity = Literal["info", "warning", "error", "critical"]
Comparison = Literal["above", "below"]
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
LARGEST = 10**9


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`threshold`: beyond it is alert, beyond `warning` warning (None: there is none). `window_minutes`: None where the metric is as of now.
    `baseline_minutes`: the time before the window that it is compared with. `minimum`: fewer units than that are no data.

    `for_minutes`: it must hold for so long before the state is worse, `recover_minutes` before it is better. `hysteresis`: by which share of
    the threshold the value must be better again. `repeat_minutes`: after which whoever was told is told again (None: never);
    `throttle_minutes`: within which nobody is told of the same rule anew. `channels`: None for all. `budget`: USD a day, None for the tenant's own.
    """

    metric: str
    comparison: Comparison = "above"
    threshold: float
    warning: float | None = None
    window_minutes: int | None = None
    baseline_minutes: int | None = None
    minimum: int = 0
    severity: Severity = "error"
    channels: tuple[UUID, ...] | None = None
    for_minutes: int = 0
    recover_minutes: int = 10
    hysteresis: float = 0.1
    repeat_minutes: int | None = 240
    throttle_minutes: int = 30
    budget: Decimal | None = None
    enabled: bool = True
    description: str = ""

    @property
    def of(self) -> Metric:
        return METRICS[self.metric]

    @property
    def window(self) -> timedelta:
        """Nothing where the metric is as of now."""
        return timedelta(minutes=self.window_minutes or 0)

    @property
    def before(self) -> timedelta:
        return timedelta(minutes=self.baseline_minutes or 0)

    def check(self) -> None:
        """Raises Invalid, which says what would do."""
        if self.metric not in METRICS:
            raise Invalid(
                f"there is no metric {self.metric[:60]!r}; GET /v1/alerts/metrics shows them: {', '.join(METRICS)}"
            )
        _check_levels(self)
        _check_windows(self, self.of)
        _check_times(self)
        if not 0 <= self.minimum <= 10**6:
            raise Invalid("minimum is a number of units from 0 to 1,000,000")
        if self.minimum and not self.of.sampled:
            raise Invalid(f"{self.metric} needs no minimum: leave it out")
        if self.budget is not None and (not self.of.budgeted or not _amount(self.budget)):
            raise Invalid(
                "budget is an amount of USD a day, from 0.000001 to 1,000,000, of cost_over_budget alone"
            )
        if len(self.description) > 500 or (self.channels is not None and len(self.channels) > 20):
            raise Invalid("a description has at most 500 characters, and a rule at most 20 channels")


def check_name(name: str) -> None:
    """Raises Invalid."""
    if not NAME.fullmatch(name):
        raise Invalid(
            "a rule's name is of a to z, 0 to 9 and _, begins with a letter, and has at most 60 characters"
        )


def _amount(budget: Decimal) -> bool:
    return budget.is_finite() and Decimal("0.000001") <= budget <= 10**6


def _check_levels(rule: Rule) -> None:
    for name, value in (("threshold", rule.threshold), ("warning", rule.warning)):
        if value is not None and (not math.isfinite(value) or not -LARGEST <= value <= LARGEST):
            raise Invalid(f"{name} is a number")
    milder = rule.warning is None or (
        rule.warning < rule.threshold if rule.comparison == "above" else rule.warning > rule.threshold
    )
    if not milder:
        raise Invalid(
            "warning must come before threshold: a smaller number for `above`, a greater one for `below`"
        )
    if not 0 <= rule.hysteresis <= 1:
        raise Invalid("hysteresis is a share of the threshold, from 0 to 1")


def _check_windows(rule: Rule, metric: Metric) -> None:
    if metric.windows is None:
        if rule.window_minutes is not None:
            raise Invalid(f"{rule.metric} is as of now and has no window: leave window_minutes out")
    else:
        least, most = metric.windows
        if (
            rule.window_minutes is None
            or not least <= rule.window_minutes <= most
            or rule.window_minutes % STEP
        ):
            raise Invalid(f"window_minutes of {rule.metric} is a multiple of {STEP} from {least} to {most}")
    if not metric.baseline:
        if rule.baseline_minutes is not None:
            raise Invalid(f"{rule.metric} compares with nothing before: leave baseline_minutes out")
    elif (
        rule.baseline_minutes is None
        or not (rule.window_minutes or 0) <= rule.baseline_minutes <= LONGEST
        or rule.baseline_minutes % STEP
    ):
        raise Invalid(
            f"baseline_minutes of {rule.metric} is a multiple of {STEP}, at least as long as the window, and at most {LONGEST}"
        )


def _check_times(rule: Rule) -> None:
    for name in ("for_minutes", "recover_minutes", "throttle_minutes"):
        if not 0 <= getattr(rule, name) <= DAY:
            raise Invalid(f"{name} is a number of minutes from 0 to {DAY}")
    if rule.repeat_minutes is not None and not 5 <= rule.repeat_minutes <= 7 * DAY:
        raise Invalid(f"repeat_minutes is from 5 to {7 * DAY}, or null: nobody is told again")
