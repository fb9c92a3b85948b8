"""Statistics of figures that somebody looks at again and again, and may act on at any look."""

from __future__ import annotations

from math import log, sqrt

ALPHA = 0.05
"""How often, at most, chance alone passes the bounds, over all looks together."""

TUNING = 5000
"""Units at which the bounds are tightest."""


def multiplier(count: int, alpha: float = ALPHA) -> float:
    """How many standard errors of an effect to allow on each side after `count` units, whenever one looks and stops.

    The asymptotic confidence sequence of Waudby-Smith et al., 2023 (arXiv 2103.06476); it takes the place of 1.96, which holds for
    one look only.
    """
    if count < 1:
        return float("inf")
    rho2 = (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / TUNING
    spread = count * rho2 + 1
    return sqrt(count) * sqrt(2 * spread / (count * count * rho2) * log(sqrt(spread) / alpha))
