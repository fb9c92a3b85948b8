"""Trade-off of models: quality, cost and latency side by side, the Pareto frontier, and which one to take."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import sqrt

import msgspec

RULE = 1
"""Version of the recommendation; goes up with any change of it."""

ENOUGH = 30
"""Ratings, or cases, from which on a quality counts."""

Z = 1.96
"""Of an interval of 95 %: for one look at a table, not for watching it."""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """A model with its figures. `good` of `judged` answers were good, or it is the sum of their marks between 0 and 1; `cost` is USD of an answer, `latency_ms` the median; None: not known."""

    model: str
    judged: int
    good: float
    cost: Decimal
    latency_ms: float | None

    @property
    def quality(self) -> float | None:
        return self.good / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the quality (Wilson, 1927); everything where nothing was judged. Of marks it is rather too wide: their variance
        is at most that of a yes or no with the same mean."""
        if not self.judged:
            return 0.0, 1.0
        n, p = self.judged, self.good / self.judged
        middle, spread = p + Z * Z / (2 * n), Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        scale = 1 + Z * Z / n
        return max(0.0, min(p, (middle - spread) / scale)), min(1.0, max(p, (middle + spread) / scale))


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """`model` None: there is too little to say. `reason` is for a person."""

    model: str | None
    reason: str
    rule: int = RULE


def frontier(options: Sequence[Option]) -> frozenset[str]:
    """Models than which no other one is as good in all (quality, cost, latency) and better in one. What is not known is never better."""
    return frozenset(each.model for each in options if not any(_dominates(other, each) for other in options))


def _dominates(one: Option, other: Option) -> bool:
    """Whether `one` is nowhere worse and somewhere better."""
    (quality, cost, latency), (other_quality, other_cost, other_latency) = _figures(one), _figures(other)
    worse = quality > other_quality or cost > other_cost or latency > other_latency
    return not worse and _figures(one) != _figures(other)


def _figures(option: Option) -> tuple[float, Decimal, float]:
    """Smaller is better."""
    quality = 2.0 if option.quality is None else -option.quality
    return quality, option.cost, float("inf") if option.latency_ms is None else option.latency_ms


def recommend(
    options: Sequence[Option], otherwise: str = "collect ratings, or evaluate on a dataset"
) -> Recommendation:
    """The cheapest model that is not clearly worse than the best one: its interval reaches up to the lower end of that of the best.

    Models with fewer than ENOUGH judged answers don't count; `otherwise`: what to do where there are no others.
    """
    known = [each for each in options if each.judged >= ENOUGH]
    if not known:
        return Recommendation(
            model=None,
            reason=f"no model has {ENOUGH} judged answers; {otherwise}",
        )
    best = max(known, key=lambda each: (each.interval[0], -each.cost))
    as_good = [each for each in known if each.interval[1] >= best.interval[0]]
    chosen = min(as_good, key=lambda each: (each.cost, each.latency_ms or float("inf"), each.model))
    if len(known) == 1:
        return Recommendation(
            model=chosen.model, reason=f"it is the only one with {ENOUGH} judged answers or more"
        )
    if chosen is best:
        return Recommendation(
            model=chosen.model,
            reason="no cheaper model comes near its quality"
            if len(as_good) == 1
            else "it is the best, and of those that are as good the cheapest",
        )
    return Recommendation(
        model=chosen.model,
        reason=f"it costs less than {best.model}, and is not clearly worse: up to {chosen.interval[1]:.0%} of its answers are good, "
        f"of {best.model}'s at least {best.interval[0]:.0%}",
    )
