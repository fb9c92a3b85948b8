"""What came of one customer while something was rolled out or compared, and the metrics that are made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import exp
from typing import Literal

import msgspec
import numpy as np

from domain.base.betting import Floats, Kind, Units

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

    @property
    def shown(self) -> float:
        """What is tested, as it is told: of what came to nothing 0, and not the least that a logarithm takes in its place."""
        return self.value if self.total else 0.0


class Columns:
    """Outcomes of customers, in the order of their assignment, by column."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.all = outcomes
        rows = [
            (
                o.share, o.new, o.answers, o.failed, o.timed, o.latency_ms, o.latency_log, o.cost, o.cost_log,
                o.rated, o.helpful, o.handed_over,
            )
            for o in outcomes
        ]  # fmt: skip
        columns = np.array(rows, dtype=np.float64).reshape(-1, 12).T
        self._share, self.new, self._answers, self._failed, self._timed, self._took, self._latency = columns[
            :7
        ]
        self._paid, self._cost, self._rated, self._helpful, self._handed_over = columns[7:]

    def parts(self, metric: Metric, *, total: bool = False) -> tuple[Floats, Floats, Floats]:
        """y, d and n of each (domain/base/betting.py); n = 0: it tells nothing of this metric. `total`: of latency and cost what they come to,
        not the logarithms."""
        match metric:
            case "failure_rate":
                return self._failed, self._answers, self._answers
            case "helpful_rate":
                return self._helpful, self._rated, self._rated
            case "handoff_rate":
                one = np.ones_like(self._handed_over)
                return self._handed_over, one, one
            case "latency_ms":
                return self._took if total else self._latency / NANO, self._timed, self._timed
            case "cost":
                return self._paid if total else self._cost / NANO, self._answers, self._answers
            case "cost_per_helpful":
                return self._paid, self._helpful, self._answers

    def units(self, metric: Metric, *, total: bool = False) -> Units:
        """As the tests take them."""
        y, d, n = self.parts(metric, total=total)
        told = n > 0
        return Units(self._share[told], self.new[told], y[told], d[told], n[told])

    def means(self, metric: Metric, *, new: bool) -> list[float]:
        """Each one's mean, of those of one side who tell of it."""
        y, _, n = self.parts(metric, total=True)
        told = (n > 0) & (self.new == new)
        return [float(mean) for mean in y[told] / n[told]]

    def figure(self, metric: Metric, *, new: bool) -> Figure:
        """Of one side. Sums are exact."""
        y, d, n = self.parts(metric)
        told = (n > 0) & (self.new == new)
        count, money = int(d[told].sum()), metric in ("cost", "cost_per_helpful")
        if money or metric == "latency_ms":
            mine = (o for o in self.all if o.new == new)
            total = sum((o.cost if money else o.latency_ms for o in mine), Decimal(0))
        else:
            total = Decimal(int(y[told].sum()))
        typical = None
        if MEASURES[metric].kind == "log":
            typical = float(f"{exp(y[told].sum() / count):.9g}") if count else 0.0
        return Figure(count=count, total=total, customers=int(told.sum()), typical=typical)
