"""A gradual rollout: steps with times to hold, and what must not get worse meanwhile. The same for whatever is rolled out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import sqrt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.base.errors import Invalid
from domain.base.statistics import multiplier

Metric = Literal["failure_rate", "latency_ms", "cost"]
Worse = Annotated[float, Meta(ge=0, le=1000)]


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`hold_hours`: how long the metrics must be good before the next step."""

    percentage: Annotated[int, Meta(ge=1, le=100)]
    hold_hours: Annotated[float, Meta(ge=0, le=8760)] = 0


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How bad the mean of those that have it may be: `most` at all, and by how much `worse` than of those that do not have it.

    `worse` is a part of the others' mean (0.5: half as much again); of a failure rate, which may be 0, it is a difference (0.02: two
    points of a hundred).
    """

    most: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    worse: Worse | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one answer: whether it failed (0 to 1), how long its calls took (ms), what they cost (USD). None: not looked at."""

    failure_rate: Limit | None = Limit(worse=0.02)
    latency_ms: Limit | None = Limit(worse=0.5)
    cost: Limit | None = None

    def given(self) -> dict[Metric, Limit]:
        """Those that are looked at."""
        limits: dict[Metric, Limit | None] = {
            "failure_rate": self.failure_rate,
            "latency_ms": self.latency_ms,
            "cost": self.cost,
        }
        return {metric: limit for metric, limit in limits.items() if limit is not None}


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`automatic`: the next step follows by itself; else somebody confirms it. `least`: answers on each side without which nothing is
    judged, and no step is taken."""

    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=20)] = (
        Step(percentage=10, hold_hours=48),
        Step(percentage=50, hold_hours=48),
        Step(percentage=100),
    )
    automatic: bool = True
    least: Annotated[int, Meta(ge=0, le=1_000_000)] = 30
    limits: Limits = Limits()

    def check(self) -> None:
        """Raises Invalid where steps do not go up."""
        percentages = [step.percentage for step in self.steps]
        if percentages != sorted(set(percentages)):
            raise Invalid(f"the steps' percentages must go up; they are {percentages}")


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of `count` answers: its sum and the sum of its squares, both exact."""

    count: int
    total: Decimal
    squares: Decimal

    @property
    def mean(self) -> float:
        return float(self.total) / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """Of one answer."""
        if self.count < 2:
            return 0.0
        return max(0.0, float(self.squares - self.total**2 / self.count)) / (self.count - 1)


NOTHING = Figure(count=0, total=Decimal(0), squares=Decimal(0))


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """How answers did for those that have it (`on`) and those that do not (`off`), since the step began."""

    on: Mapping[Metric, Figure]
    off: Mapping[Metric, Figure]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was too bad: `value`, the mean of `answers`, is above `bound` by more than `margin`, which chance could explain.

    `other` is the mean of the `others` that the bound was made from; None where it is a figure of the plan.
    """

    metric: Metric
    value: float
    bound: float
    margin: float
    answers: int
    other: float | None = None
    others: int = 0

    def text(self) -> str:
        than = "" if self.other is None else f", made from {self.other:.6g} of {self.others} others"
        return f"{self.metric} is {self.value:.6g} over {self.answers} answers; the bound is {self.bound:.6g}{than}"


def enough(plan: Plan, step: int, sides: Sides) -> bool:
    """Whether there were answers enough in this step to say that all is well."""
    alone = plan.steps[step].percentage == 100
    for metric, limit in plan.limits.given().items():
        others = sides.off.get(metric, NOTHING).count
        if sides.on.get(metric, NOTHING).count < plan.least:
            return False
        if limit.worse is not None and others < plan.least and not (alone and others == 0):
            return False
    return True


def judge(plan: Plan, sides: Sides) -> Finding | None:
    """The first metric that is too bad, beyond what chance can explain however often one looks; None: none is."""
    for metric, limit in plan.limits.given().items():
        on, off = sides.on.get(metric, NOTHING), sides.off.get(metric, NOTHING)
        if on.count < max(plan.least, 1):
            continue
        if limit.most is not None and (found := _above(metric, on, limit.most)):
            return found
        if limit.worse is not None and off.count >= max(plan.least, 1):
            factor, more = (1.0, limit.worse) if metric == "failure_rate" else (1 + limit.worse, 0.0)
            if metric != "failure_rate" and off.mean == 0:
                continue  # no part of nothing is a bound; that takes a `most`
            if found := _above(metric, on, factor * off.mean + more, off, factor):
                return found
    return None


def _above(
    metric: Metric, on: Figure, bound: float, off: Figure = NOTHING, factor: float = 0.0
) -> Finding | None:
    """`bound` has `factor` of the others' mean in it."""
    error = _spread(metric, on) / on.count + (
        factor**2 * _spread(metric, off) / off.count if off.count else 0.0
    )
    margin = multiplier(on.count + off.count) * sqrt(error)
    if on.mean - bound <= margin:
        return None
    return Finding(
        metric=metric,
        value=on.mean,
        bound=bound,
        margin=margin,
        answers=on.count,
        other=off.mean if off.count else None,
        others=off.count,
    )


def _spread(metric: Metric, figure: Figure) -> float:
    """The variance of one answer. That of a rate is taken as if one more had failed and one more had not: where none has failed
    so far it is not certain that none will."""
    if metric != "failure_rate":
        return figure.variance
    share = (float(figure.total) + 1) / (figure.count + 2)
    return share * (1 - share)
