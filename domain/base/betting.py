"""Anytime-valid tests by betting on the random assignment: of what somebody looks at again and again, and may act on at any look.

When a version makes no difference, what became of a customer says nothing about which version they were given. Whoever bets on that can't
win in the long run, at any share, shares that change, rare events, heavy tails, alike answers of one customer: the chance that the wealth
ever comes to 1/α is at most α (Ville's inequality; testing by betting: Shafer 2021, Waudby-Smith and Ramdas 2023). A unit is one customer,
counted once, in the order in which they were assigned. How often it is wrong and how soon it finds what is there was simulated
(docs/experiments-statistics.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import erfc, exp, inf, log, pi, sqrt
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
"""How often, at most, chance alone raises an alarm, over all looks together."""

STAKES = (0.08, 0.16, 0.32, 0.64)
"""Of the wealth, on each unit; the wealth is shared out among them. They touch how soon something is found, not how often it is wrong."""

SAME = 1e-9
"""What differs by less than this part of it does not differ: the rest is the rounding of sums."""

Kind = Literal["rate", "log", "ratio"]
Floats = NDArray[np.float64]


class _Form(msgspec.Struct, frozen=True):
    """`alike`: how alike the answers of one customer are taken to be. `first`: units that nothing is bet on. `most`: standard deviations
    beyond which a unit counts no more."""

    alike: float
    first: int
    most: float


FORMS: dict[Kind, _Form] = {
    "rate": _Form(alike=0.3, first=20, most=inf),
    "log": _Form(alike=0.5, first=20, most=4.0),
    "ratio": _Form(alike=0.3, first=50, most=4.0),
}
"""`rate`: y events in d = n answers. `log`: y is the sum of n logarithms, d = n. `ratio`: y over d, each y/n capped at the 95th percentile
of the first 50 units'."""


class Units(msgspec.Struct, frozen=True):
    """What became of customers, in the order of their assignment, as arrays: `share` of the new version when each was assigned, whether it
    was given (1) or not (0), and y, d and n as `FORMS` has them. Those with n = 0 are left out."""

    share: Floats
    new: Floats
    y: Floats
    d: Floats
    n: Floats

    @classmethod
    def of(cls, rows: Sequence[tuple[float, bool, float, float, float]]) -> Units:
        """Rows of (share, new, y, d, n)."""
        kept = np.array([row for row in rows if row[4] > 0], dtype=np.float64).reshape(-1, 5)
        return cls(*kept.T)


def evidence(
    units: Units, kind: Kind, *, rise_harms: bool = True, factor: float = 1.0, plus: float = 0.0
) -> Floats:
    """ln E after each unit: how much was won by betting that the new version does harm, beyond a margin of `factor` times the other's, or
    for rates `plus` more. Alarm where it ever comes to ln(1/α); all values stay as they are when units come after them.
    """
    form, new, p = FORMS[kind], units.new, units.share
    f, a, n = np.where(new > 0, factor, 1.0), np.where(new > 0, plus, 0.0), units.n
    y, d, w = units.y, units.d, 1 / (1 + form.alike * (n - 1))
    k = np.arange(len(y), dtype=np.float64)
    if kind == "rate":
        y = y / f - a * d
        r = (_earlier(w * y) + 0.5) / (_earlier(w * d) + 1)
        s = w * (y - r * d)
        sigma = np.sqrt((_earlier(s * s) + np.maximum(r * (1 - r), 0.0001)) / (k + 1))
        above, below = w * (max(1 / factor, 1 - plus, 1) - r) * n / sigma, w * (r + max(plus, 0)) * n / sigma
        up, down = (above, below) if rise_harms else (below, above)
    else:
        y = y - n * np.log(f) if kind == "log" else _capped(y / f, n, form.first)
        weight = _earlier(w * d)
        r = np.divide(_earlier(w * y), weight, out=np.zeros_like(y), where=weight > 0)
        s = w * _apart(y, r * d)
        s[:1] = 0.0
        sigma = np.sqrt(_earlier(s * s) / np.maximum(k - 1, 1))
        up = down = np.full_like(y, form.most)
    bet = (k >= form.first) & (sigma > 0)
    u = np.divide(s if rise_harms else -s, sigma, out=np.zeros_like(s), where=bet)
    u = np.clip(u, -form.most, form.most) * (new - p)
    most = 0.9 / np.maximum(np.maximum((1 - p) * down, p * up), 1e-12)
    wealth = np.array([np.cumsum(np.log1p(np.minimum(stake, most) * u)) for stake in STAKES])
    return _mean(wealth)


def above(values: Sequence[float], most: float) -> Floats:
    """ln E after each unit: how much was won by betting that the mean of `values`, none below 0, is above `most`. Needs nobody to compare
    with, and no bound above: in the mean nothing is won as long as that of the next one is at most `most`."""
    x = np.asarray(values, dtype=np.float64) / max(most, 1e-12) - 1
    return _mean(np.array([np.cumsum(np.log1p(stake * x)) for stake in (0.01, 0.03, 0.1, 0.3, 0.9)]))


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """Holds at all looks together. None: nothing is known on this side yet."""

    low: float | None
    high: float | None


def interval(units: Units, kind: Kind, *, alpha: float = ALPHA, difference: bool = False) -> Interval:
    """How the new version does beside the other: times as much (0.95: a twentieth less), or as a `difference` of rates. All margins that no
    bet has refuted; each side has half of `alpha`. Between 1/64 and 64 times, or −1 and 1."""
    needed = log(2 / alpha)

    def refuted(by: float, rise: bool) -> bool:
        margin = {"plus": by} if difference else {"factor": exp(by)}
        found = evidence(units, kind, rise_harms=rise, **margin)
        return bool(len(found)) and float(found.max()) >= needed

    end = 1.0 if difference else log(64)
    low = _last(lambda by: refuted(by, True), -end, end)
    high = _last(lambda by: refuted(-by, False), -end, end)
    high = None if high is None else -high
    if difference:
        return Interval(low=low, high=high)
    return Interval(low=None if low is None else exp(low), high=None if high is None else exp(high))


def sample_ratio(counts: Sequence[int], expected: Sequence[float]) -> float:
    """p of the χ² test that units were assigned as they were meant to be. Below 0.001 something assigns or counts them wrongly, and no
    figure of the comparison means anything."""
    pairs = [(have, want) for have, want in zip(counts, expected, strict=True) if want > 0]
    if sum(counts) > sum(have for have, _ in pairs):
        return 0.0  # somebody has an arm that nobody was to have
    if len(pairs) < 2:
        return 1.0
    return _chi_squared(sum((have - want) ** 2 / want for have, want in pairs), len(pairs) - 1)


def _earlier(values: Floats) -> Floats:
    """The sum of those before each."""
    return np.concatenate(([0.0], np.cumsum(values)[:-1])) if len(values) else values


def _apart(y: Floats, expected: Floats) -> Floats:
    apart = y - expected
    apart[np.abs(apart) <= SAME * np.maximum(np.abs(y), np.abs(expected))] = 0.0
    return apart


def _capped(y: Floats, n: Floats, first: int) -> Floats:
    if len(y) < first:
        return y  # nothing is bet yet
    return np.minimum(y, n * np.percentile(y[:first] / n[:first], 95))


def _mean(logs: Floats) -> Floats:
    most = logs.max(axis=0)
    return most + np.log(np.exp(logs - most).mean(axis=0))  # type: ignore[no-any-return]  # numpy does not type mean


def _last(holds: Callable[[float], bool], low: float, high: float) -> float | None:
    """Where `holds`, which does below it and not above, ends; None: nowhere does it."""
    if not holds(low):
        return None
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _chi_squared(x: float, freedom: int) -> float:
    """The chance of `x` or more."""
    if freedom % 2:
        total, term = erfc(sqrt(x / 2)), sqrt(2 * x / pi) * exp(-x / 2)
        for i in range(1, freedom, 2):
            total, term = total + term, term * x / (i + 2)
        return total
    total = term = exp(-x / 2)
    for i in range(2, freedom, 2):
        term *= x / i
        total += term
    return total
