"""How long answers would have taken with other models, as long as these took for other questions of the same traffic. Pure.

A decision whose model stays took what it took. One that goes to another model takes that model's mean over its recorded calls that gave an
answer. The interval of the mean difference is a normal approximation at 95 %: it has how the decisions vary, and how well each mean is known.
"""

from __future__ import annotations

from math import sqrt

import msgspec

from domain.replay.saving import SURE, Interval


class LatencyReplay(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds that providers take for a decision, on average over `decisions`. `untold`: decisions whose other model has answered nothing
    in this time, so that nobody knows how long it takes; they are left out. None: there is no decision to tell of."""

    decisions: int
    untold: int
    recorded: float | None
    replayed: float | None
    difference: Interval | None


class Moments:
    """Count, mean and spread of figures; keeps sums only (Welford)."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.squares = 0.0

    def add(self, figure: float) -> None:
        self.count += 1
        old = figure - self.mean
        self.mean += old / self.count
        self.squares += old * (figure - self.mean)


class Latencies:
    """Folds decisions, and the calls that tell how long each model takes."""

    def __init__(self) -> None:
        self._stay = Moments()
        self._go: dict[str, Moments] = {}
        """By the model that decisions go to: how long they took."""
        self._calls: dict[str, Moments] = {}

    def call(self, model: str, ms: float) -> None:
        """A call of this model, which gave an answer."""
        self._calls.setdefault(model, Moments()).add(ms)

    def stays(self, ms: float) -> None:
        """A decision for the same model, and how long it took."""
        self._stay.add(ms)

    def goes(self, model: str, ms: float) -> None:
        """A decision for another model."""
        self._go.setdefault(model, Moments()).add(ms)

    def report(self) -> LatencyReplay:
        """Of all that was added."""
        told = {model: each for model, each in self._go.items() if model in self._calls}
        untold = sum(each.count for model, each in self._go.items() if model not in told)
        count = self._stay.count + sum(each.count for each in told.values())
        if not count:
            return LatencyReplay(decisions=0, untold=untold, recorded=None, replayed=None, difference=None)
        recorded = self._stay.count * self._stay.mean + sum(e.count * e.mean for e in told.values())
        gained = {model: self._calls[model].mean - each.mean for model, each in told.items()}
        difference = sum(told[model].count * gain for model, gain in gained.items()) / count
        return LatencyReplay(
            decisions=count,
            untold=untold,
            recorded=recorded / count,
            replayed=recorded / count + difference,
            difference=self._interval(told, gained, difference, count),
        )

    def _interval(
        self, told: dict[str, Moments], gained: dict[str, float], difference: float, count: int
    ) -> Interval:
        """No ends where a mean rests on one call, or there is one decision."""
        calls = [self._calls[model] for model in told]
        if count < 2 or any(each.count < 2 for each in calls):
            return Interval(estimate=difference, low=None, high=None)
        squares = sum(told[model].squares + told[model].count * gain**2 for model, gain in gained.items())
        decisions = max(squares - count * difference**2, 0.0) / (count - 1) / count
        means = sum(
            (told[model].count / count) ** 2 * each.squares / (each.count - 1) / each.count
            for model, each in zip(told, calls, strict=True)
        )
        reach = SURE * sqrt(decisions + means)
        return Interval(estimate=difference, low=difference - reach, high=difference + reach)
