"""Recall of an approximate index, measured on the tenant's own searches: how many of the nearest chunks, as exact search has them, it finds."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import msgspec

BEST = 10
"""Nearest chunks that recall is measured by."""

SHARE = 0.05
"""Of the searches, the worst, at whose end recall has to be high enough."""


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """Of `queries` searches with `ef` candidates: the 5th percentile, the mean, the worst; 0 to 1."""

    ef: int
    queries: int
    at_p5: float
    mean: float
    worst: float


def recall_of(ef: int, found: Mapping[int, int]) -> Recall:
    """`found`: how many of the `BEST` nearest → how many searches found so many; of one search at least."""
    queries, passed, at = sum(found.values()), 0, 0
    rank = ceil(SHARE * queries)
    for at in sorted(found):
        passed += found[at]
        if passed >= rank:
            break
    mean = sum(number * often for number, often in found.items()) / queries
    return Recall(ef=ef, queries=queries, at_p5=at / BEST, mean=mean / BEST, worst=min(found) / BEST)
