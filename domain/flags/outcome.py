"""What came of one customer while something was rolled out or compared, and the metrics that are made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import exp
from typing import Literal

import msgspec

from domain.base.betting import Kind, Units

Metric = Literal["failure_rate", "helpful_rate", "handoff_rate", "latency_ms", "cost", "cost_per_helpful"]

ON, OFF = "on", "off"
"""Arms of a flag's rollout."""

NANO = 1_000_000_000
"""Logarithms are kept as whole numbers of this part: sums of them are exact."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One customer, closed: nothing is added to it any more. `new`: whether they were given the new version, the `share` of which was so
    large then, 0 to 1, of all that were given one of the two that are compared. `position`: of the event that told of it first.

    `answers` that were tried, of which some `failed`; `timed`: those for which a model was asked, which took `latency_ms` in all, the
    logarithms of it as their sum in NANO; `cost` in USD, and likewise. `rated` answers, of which some were `helpful`. `handed_over`: to a person.
    """

    position: int
    at: datetime
    new: bool
    share: float
    answers: int = 0
    failed: int = 0
    timed: int = 0
    latency_ms: Decimal = Decimal(0)
    latency_log: int = 0
    cost: Decimal = Decimal(0)
    cost_log: int = 0
    rated: int = 0
    helpful: int = 0
    handed_over: bool = False


class Measure(msgspec.Struct, frozen=True):
    """How a metric is made and tested. `per`: what its mean is of. `relative`: whether a margin is a part of the other's, or a difference."""

    kind: Kind
    per: str
    rise_harms: bool = True
    relative: bool = True
    unfound: str = ""


MEASURES: Mapping[Metric, Measure] = {
    "failure_rate": Measure(
        "rate", "answers", relative=False, unfound="a failure rate that goes from 1 % to 1.2 %"
    ),
    "helpful_rate": Measure(
        "rate", "ratings", rise_harms=False, unfound="a helpful rate that falls by less than 3 %"
    ),
    "handoff_rate": Measure(
        "rate", "customers", relative=False, unfound="a handoff rate that goes from 5 % to 6 %"
    ),
    "latency_ms": Measure("log", "answers", unfound="answers that take 2 % longer"),
    "cost": Measure("log", "answers", unfound="answers that cost 5 % more"),
    "cost_per_helpful": Measure("ratio", "helpful answers", unfound="a cost per helpful answer 10 % higher"),
}
"""`unfound`: what is found in one run of eight at most within 800 customers (docs/experiments-statistics.md), beyond the margin."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of some customers: the sum over `count` answers (ratings, customers, helpful answers: as MEASURES says), exact.

    `typical` is the geometric mean, which is what latency and cost are tested by; None for others.
    """

    count: int
    total: Decimal
    customers: int = 0
    typical: float | None = None

    @property
    def mean(self) -> float:
        return float(self.total) / self.count if self.count else 0.0

    @property
    def value(self) -> float:
        """What is tested."""
        return self.mean if self.typical is None else self.typical


def parts(metric: Metric, outcome: Outcome) -> tuple[float, float, float]:
    """(y, d, n) of one customer (domain/base/betting.py). n = 0: it tells nothing of this metric."""
    o = outcome
    match metric:
        case "failure_rate":
            return o.failed, o.answers, o.answers
        case "helpful_rate":
            return o.helpful, o.rated, o.rated
        case "handoff_rate":
            return o.handed_over, 1, 1
        case "latency_ms":
            return o.latency_log / NANO, o.timed, o.timed
        case "cost":
            return o.cost_log / NANO, o.answers, o.answers
        case "cost_per_helpful":
            return float(o.cost), o.helpful, o.answers


def units(metric: Metric, outcomes: Sequence[Outcome]) -> Units:
    """As the tests take them."""
    return Units.of([(o.share, o.new, *parts(metric, o)) for o in outcomes])


def figure(metric: Metric, outcomes: Sequence[Outcome]) -> Figure:
    """Of these customers."""
    told = [(outcome, parts(metric, outcome)) for outcome in outcomes]
    told = [(outcome, part) for outcome, part in told if part[2] > 0]
    count = round(sum(part[1] for _, part in told))
    typical = None
    if metric == "latency_ms":
        total = sum((outcome.latency_ms for outcome, _ in told), Decimal(0))
        typical = _typical(sum(outcome.latency_log for outcome, _ in told), count)
    elif metric in ("cost", "cost_per_helpful"):
        total = sum((outcome.cost for outcome, _ in told), Decimal(0))
        if metric == "cost":
            typical = _typical(sum(outcome.cost_log for outcome, _ in told), count)
    else:
        total = Decimal(round(sum(part[0] for _, part in told)))
    return Figure(count=count, total=total, customers=len(told), typical=typical)


def _typical(logs: int, count: int) -> float:
    return float(f"{exp(logs / NANO / count):.9g}") if count else 0.0
