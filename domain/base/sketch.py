"""Latencies as a sketch whose buckets are rows, so that days, models and tenants merge by adding.

DDSketch (Masson, Rim, Lee: DDSketch, VLDB 2019) with relative accuracy α = 1 %: a latency x > 0 in ms falls into bucket
⌈log_γ x⌉, γ = (1 + α) / (1 − α), and is read back as 2γ^bucket / (γ + 1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

ACCURACY = 0.01
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(GAMMA)
FASTEST = 1e-3
"""Milliseconds; what is faster counts as this."""


def bucket_of(latency_ms: float) -> int:
    """The sketch's bucket of a latency."""
    return math.ceil(math.log(max(latency_ms, FASTEST)) / _LOG_GAMMA)


def percentile(buckets: Mapping[int, int], share: float) -> float | None:
    """The latency in ms that `share` (0 to 1) of the calls do not exceed (nearest rank), within 1 %.

    None where there are so few calls that it would be that of the slowest one, whichever share is asked for: 19 have no 95th percentile.
    """
    calls = sum(buckets.values())
    left = math.ceil(round(share * calls, 6))
    if left >= calls:
        return None
    for bucket in sorted(buckets):
        left -= buckets[bucket]
        if left <= 0:
            return float(2 * GAMMA**bucket / (GAMMA + 1))
    return None
