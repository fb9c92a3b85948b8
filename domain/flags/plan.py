"""The plan of a gradual rollout: steps with times to hold, and what must not get worse meanwhile."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.base.errors import Invalid
from domain.flags.outcome import MEASURES, Metric

WINDOW = 600.0


Side = Literal["worse", "most", "least"]


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`hold_hours`: how long the metrics must be good before the next step."""

    percentage: Annotated[int, Meta(ge=1, le=100)]
    hold_hours: Annotated[float, Meta(ge=0, le=8760)] = 0


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How bad it may be for those that have it: by how much `worse` than for those that do not, and at all: `most`, of a helpful rate `least`.

    `worse` is a part of the others' (0.5: half as much again; of a helpful rate 0.05: a twentieth less); of rates that may be 0, failures
    and handoffs, it is a difference (0.02: two points of a hundred). `most` and `least` bound the mean over customers of each one's mean.
    """

    worse: Annotated[float, Meta(ge=0, le=1000)] | None = None
    most: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    least: Annotated[float, Meta(ge=0, le=1)] | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of answers: the part that failed, the part of the rated ones that helped, how long calls took (ms), what they cost (USD), and that for
    each helpful one; of customers: the part handed over to a person. None: not looked at."""

    failure_rate: Limit | None = Limit(worse=0.02)
    helpful_rate: Limit | None = Limit(worse=0.05)
    handoff_rate: Limit | None = None
    latency_ms: Limit | None = Limit(worse=0.5)
    cost: Limit | None = None
    cost_per_helpful: Limit | None = None

    def tests(self) -> list[tuple[Metric, Side, float]]:
        """What is looked at: metric, side, bound."""
        return [
            (metric, side, bound)
            for metric in MEASURES
            if (limit := getattr(self, metric)) is not None
            for side in ("worse", "most", "least")
            if (bound := getattr(limit, side)) is not None
        ]

    def hardly_found(self) -> list[str]:
        """What tests of what is looked at do not find in their usual time (docs/experiments-statistics.md)."""
        return [MEASURES[metric].unfound for metric in dict.fromkeys(metric for metric, _, _ in self.tests())]

    def check(self) -> None:
        """Raises Invalid for a bound that its metric can't have."""
        for metric, side, bound in self.tests():
            if (side == "least") != (metric == "helpful_rate") and side != "worse":
                fit = "least" if metric == "helpful_rate" else "most"
                raise Invalid(f"{metric} has no {side}; give {fit} or worse")
            if side == "most" and metric == "cost_per_helpful":
                raise Invalid("cost_per_helpful is compared with the others' alone; give worse")
            if metric == "helpful_rate" and side == "worse" and bound >= 1:
                raise Invalid("worse of helpful_rate is the part by which it may fall; give less than 1")


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`automatic`: the next step follows by itself; else somebody confirms it. `least`: customers on each side without which no step is
    taken. `window`: seconds from a customer's first answer in the rollout, after which what came of it counts."""

    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=20)] = (
        Step(percentage=10, hold_hours=48),
        Step(percentage=50, hold_hours=48),
        Step(percentage=100),
    )
    automatic: bool = True
    least: Annotated[int, Meta(ge=0, le=1_000_000)] = 30
    window: Annotated[float, Meta(ge=0, le=30 * 86_400)] = WINDOW
    limits: Limits = Limits()

    def check(self) -> None:
        """Raises Invalid where steps do not go up, or a limit does not fit its metric."""
        percentages = [step.percentage for step in self.steps]
        if percentages != sorted(set(percentages)):
            raise Invalid(f"the steps' percentages must go up; they are {percentages}")
        self.limits.check()
