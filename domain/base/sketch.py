"""Latencies as a sketch whose buckets are rows, so that days, models and tenants merge by adding.

DDSketch (Masson, Rim, Lee: DDSketch, VLDB 2019) with relative accuracy α = 1 %: a latency x > 0 in ms falls into bucket
⌈log_γ x⌉, γ = (1 + α) / (1 − α), and is read back as 2γ^bucket / (γ + 1).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping

ACCURACY = 0.01
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(GAMMA)
FASTEST = 1e-3
"""Milliseconds; what is faster counts as this."""


ENTRY = struct.Struct("<hI")
"""A bucket and its count in a kept sketch. Buckets of FASTEST to three weeks are -345 to 1,073."""


def latency_of(bucket: int) -> float:
    """What is read back, in ms."""
    return float(2 * GAMMA**bucket / (GAMMA + 1))


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
            return latency_of(bucket)
    return None


def packed(buckets: Mapping[int, int]) -> bytes:
    """As it is kept in one row: buckets in their order, each with its count; what has none is left out, so equal sketches are equal bytes.

    `ENTRY` says the layout, little-endian. Whoever reads many joins them: a bucket may stand in it several times then.
    """
    return b"".join(ENTRY.pack(bucket, count) for bucket, count in sorted(buckets.items()) if count)


def unpacked(data: bytes) -> dict[int, int]:
    """Bucket → count."""
    return dict(ENTRY.iter_unpack(data))
