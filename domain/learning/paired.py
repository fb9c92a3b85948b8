"""Paired comparison: figures of the same cases under a candidate and a baseline, with intervals that bear few differing cases. Pure.

Means: the paired bootstrap (Efron and Tibshirani, 1993, chapter 13), and beside it the sign-flip test, which is exact where few cases differ:
a bootstrap of 40 cases of which three differ leaves 0 out, though three differences of one sign come by chance one time in four. Rates of
right and wrong: McNemar's exact test, and the interval of Bonett and Price (2012), which is none of width 0 where no case differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import comb, sqrt

import msgspec
import numpy as np
from numpy.typing import NDArray

SURE = 0.05
"""The risk that an interval leaves the truth out, and below which a difference is no chance."""

NORMAL = 1.959964
RESAMPLES = 4_000
FLIPS = 20_000
EXACTLY = 14
"""Cases that differ, up to which all ways to flip their signs are counted."""

AT_ONCE = 500
"""Resamples that are drawn together: some megabytes of counts for thousands of cases."""

Figures = NDArray[np.float64]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Candidate less baseline over `cases` that have both. `low` to `high`: at 95 %; None: too few cases to say. `p`: how often chance alone
    gives as much, of either sign. `differing`: cases with two figures that are not the same."""

    cases: int
    differing: int
    candidate: float
    baseline: float
    difference: float
    low: float | None
    high: float | None
    p: float

    @property
    def shown(self) -> bool:
        """Whether it is more than chance explains."""
        outside = self.low is not None and self.high is not None and not self.low <= 0 <= self.high
        return outside and self.p <= SURE


def rates(candidate: Sequence[bool], baseline: Sequence[bool]) -> Difference:
    """Of right and wrong, case by case."""
    count = len(candidate)
    gained = sum(new and not old for new, old in zip(candidate, baseline, strict=True))
    lost = sum(old and not new for new, old in zip(candidate, baseline, strict=True))
    first, second = (sum(side) / count if count else 0.0 for side in (candidate, baseline))
    low = high = None
    if count >= 2:
        up, down = (gained + 1) / (count + 2), (lost + 1) / (count + 2)
        reach = NORMAL * sqrt((up + down - (up - down) ** 2) / (count + 2))
        low, high = max(-1.0, up - down - reach), min(1.0, up - down + reach)
    return Difference(
        cases=count,
        differing=gained + lost,
        candidate=first,
        baseline=second,
        difference=(gained - lost) / count if count else 0.0,
        low=low,
        high=high,
        p=_mcnemar(gained, lost),
    )


def means(candidate: Sequence[float], baseline: Sequence[float], seed: int) -> Difference:
    """Of figures, case by case; the same `seed` gives the same interval."""
    new, old = np.asarray(candidate, float), np.asarray(baseline, float)

    def mean(weights: Figures) -> Figures:
        return np.asarray(weights @ (new - old) / len(new))

    changes = new - old
    return _compared([float(side.mean()) if len(side) else 0.0 for side in (new, old)], changes, mean, seed)


def statistics(
    candidate: Figures, baseline: Figures, statistic: Callable[[Figures], Figures], seed: int
) -> Difference:
    """Of what is no mean over cases but made of their sums, as a corpus's BLEU: `candidate` and `baseline` have a row a case; `statistic`
    takes rows of sums and gives a figure for each."""

    def difference(weights: Figures) -> Figures:
        return statistic(weights @ candidate) - statistic(weights @ baseline)

    whole = [float(statistic(side.sum(axis=0, keepdims=True))[0]) for side in (candidate, baseline)]
    alone = statistic(candidate) - statistic(baseline)
    return _compared(whole, alone, difference, seed)


def _compared(
    whole: Sequence[float], changes: Figures, difference: Callable[[Figures], Figures], seed: int
) -> Difference:
    count, differing = len(changes), int(np.count_nonzero(changes))
    low = high = None
    p = _flipped(changes[changes != 0], seed)
    if count >= 2:
        drawn = [difference(weights) for weights in _resampled(count, seed)]
        low, high = (float(end) for end in np.quantile(np.concatenate(drawn), [SURE / 2, 1 - SURE / 2]))
        if p > SURE:  # so few cases differ that the resamples are too alike
            low, high = min(low, 0.0), max(high, 0.0)
    return Difference(
        cases=count,
        differing=differing,
        candidate=whole[0],
        baseline=whole[1],
        difference=whole[0] - whole[1],
        low=low,
        high=high,
        p=p,
    )


def _resampled(count: int, seed: int) -> Iterator[Figures]:
    """How often each case is drawn: rows of `count` that add up to it."""
    random = np.random.default_rng(seed)
    shares = np.full(count, 1 / count)
    for _ in range(RESAMPLES // AT_ONCE):
        yield random.multinomial(count, shares, size=AT_ONCE).astype(float)


def _mcnemar(gained: int, lost: int) -> float:
    """Two-sided and exact: the cases that differ, as throws of a fair coin."""
    differing, fewer = gained + lost, min(gained, lost)
    tail = sum(comb(differing, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << differing))


def _flipped(changes: Figures, seed: int) -> float:
    """Two-sided p of the sign-flip test: where both were alike, each difference could as well have had the other sign."""
    if not len(changes):
        return 1.0
    seen = abs(changes.sum())
    if len(changes) <= EXACTLY:
        bits = np.arange(2 ** len(changes))[:, None] >> np.arange(len(changes)) & 1
        sums = np.abs((1 - 2 * bits) @ changes)
        return float(np.mean(sums >= seen * (1 - 1e-12)))
    random = np.random.default_rng(seed)
    more = 0
    for _ in range(FLIPS // AT_ONCE):
        signs = 1 - 2 * random.integers(0, 2, size=(AT_ONCE, len(changes)))
        more += int(np.count_nonzero(np.abs(signs @ changes) >= seen * (1 - 1e-12)))
    return (more + 1) / (FLIPS + 1)
