"""What one way of routing saves against another: exact sums, and how sure the mean is. Pure.

The intervals are normal approximations at 95 % over pairs (each decision's cost under both): that of a difference from the
pairs' differences, that of a ratio by the delta method. They say what to expect of further traffic of the same kind; the sums
themselves are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import sqrt
from typing import Literal

import msgspec

from domain.models.pricing import Price

PROMISE = (0.60, 0.70)
"""The share that routing by complexity was said to save."""

SURE = 1.959964
"""Standard errors to each side."""

Kept = Literal["kept", "missed", "not certain"]


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """`low` and `high` are None where there are too few pairs to say."""

    estimate: float
    low: float | None
    high: float | None


class Pairs:
    """Costs before and after, pair by pair; keeps sums only."""

    def __init__(self) -> None:
        self.count = 0
        self.before = self.after = Decimal(0)
        self._means = [0.0, 0.0]
        self._squares = [0.0, 0.0, 0.0]
        """Of before, of after, of both together; about the means (Welford)."""

    def add(self, before: Decimal, after: Decimal) -> None:
        self.count += 1
        self.before += before
        self.after += after
        old = float(before) - self._means[0], float(after) - self._means[1]
        self._means[0] += old[0] / self.count
        self._means[1] += old[1] / self.count
        new = float(before) - self._means[0], float(after) - self._means[1]
        for place, (one, other) in enumerate(((0, 0), (1, 1), (0, 1))):
            self._squares[place] += old[one] * new[other]

    def difference(self) -> Interval:
        """After less before, in USD for each pair."""
        mean = float(self.after - self.before) / self.count if self.count else 0.0
        return self._interval(mean, 1.0, 1.0)

    def saving(self) -> Interval | None:
        """The share of `before` that is saved; None where nothing was spent before."""
        if not self.before:
            return None
        ratio = float(self.after / self.before)
        found = self._interval(ratio, self._means[0], ratio)
        low, high = (None if end is None else 1 - end for end in (found.high, found.low))
        return Interval(estimate=1 - ratio, low=low, high=high)

    def _interval(self, estimate: float, scale: float, ratio: float) -> Interval:
        """About (after - ratio * before) / scale."""
        if self.count < 2:
            return Interval(estimate=estimate, low=None, high=None)
        before, after, both = self._squares
        variance = max(after - 2 * ratio * both + ratio * ratio * before, 0.0) / (self.count - 1)
        reach = SURE * sqrt(variance / self.count) / scale
        return Interval(estimate=estimate, low=estimate - reach, high=estimate + reach)


def promise(saving: Interval) -> Kept:
    """Whether a saving reaches what was promised, at its least, as far as the interval can tell."""
    if saving.low is None or saving.high is None:
        return "not certain"
    if saving.low >= PROMISE[0]:
        return "kept"
    return "missed" if saving.high < PROMISE[0] else "not certain"


def per_thousand(price: Price) -> Decimal:
    """USD for 1,000 tokens, half of them input and half output."""
    return (price.input + price.output) / 2 / 1000


def blended(shares: Mapping[str, Decimal], prices: Mapping[str, Decimal]) -> Decimal:
    """The price of a mix: each model's share of the traffic (they add up to 1) at its price. Raises ValueError."""
    if sum(shares.values()) != 1:
        raise ValueError(f"the shares add up to {sum(shares.values())}, not to 1")
    return sum((share * prices[model] for model, share in shares.items()), Decimal(0))


def saved(cost: Decimal, instead_of: Decimal) -> Decimal:
    """The share that is saved."""
    return 1 - cost / instead_of
