"""Sketches of response times by time slot: one row each, merged in one go for all periods that are asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.base.sketch import ENTRY, latency_of

KEPT = np.dtype([("bucket", "<i2"), ("count", "<u4")])
assert KEPT.itemsize == ENTRY.size

Group = tuple[int, str]
"""The place of the period, and the value whose sketch it is."""

Percentiles = tuple[float | None, ...]


class Merged(msgspec.Struct, frozen=True):
    """A row of `counts` for each of `groups`, a column for each bucket from `first` on."""

    groups: Mapping[Group, int]
    first: int
    counts: NDArray[np.int64]

    def percentiles(self, shares: Sequence[float]) -> dict[Group, Percentiles]:
        """Of each group, as `domain.base.sketch.percentile` has them."""
        found = _percentiles(self.counts, self.first, shares)
        return {group: found[row] for group, row in self.groups.items()}

    def of_values(self, shares: Sequence[float]) -> dict[str, Percentiles]:
        """Of each value in all periods together."""
        values = {value: n for n, value in enumerate(dict.fromkeys(value for _, value in self.groups))}
        sums = np.zeros((len(values), self.counts.shape[1]), np.int64)
        np.add.at(sums, [values[value] for _, value in self.groups], self.counts)
        found = _percentiles(sums, self.first, shares)
        return {value: found[row] for value, row in values.items()}


def merged(kept: Mapping[Group, bytes]) -> Merged:
    """`kept`: the sketches of a group's slots, joined."""
    entries = np.frombuffer(b"".join(kept.values()), KEPT)
    buckets, counts = entries["bucket"].astype(np.int64), entries["count"]
    first = int(buckets.min()) if len(buckets) else 0
    width = int(buckets.max()) - first + 1 if len(buckets) else 1
    sizes = [len(data) // ENTRY.size for data in kept.values()]
    rows = np.repeat(np.arange(len(kept)), sizes)
    # Sums of whole numbers: a double holds them exactly to 2^53.
    flat = np.bincount(rows * width + buckets - first, weights=counts, minlength=len(kept) * width)
    table = flat.astype(np.int64).reshape(len(kept), width)
    return Merged(groups={group: row for row, group in enumerate(kept)}, first=first, counts=table)


def _percentiles(counts: NDArray[np.int64], first: int, shares: Sequence[float]) -> list[Percentiles]:
    """Nearest rank; None where it would be the slowest one's, whichever share is asked for."""
    sums = counts.cumsum(axis=1)
    calls = sums[:, -1].tolist()
    found: list[list[float | None]] = [[] for _ in calls]
    for share in shares:
        ranks = [math.ceil(round(share * many, 6)) for many in calls]
        places = (sums < np.array(ranks, np.int64)[:, None]).sum(axis=1).tolist()
        for row, (rank, many, place) in enumerate(zip(ranks, calls, places, strict=True)):
            found[row].append(None if rank >= many else latency_of(first + place))
    return [tuple(each) for each in found]


def changed(sketch: Mapping[int, int], by: Mapping[int, int]) -> dict[int, int]:
    """With counts added, or taken away."""
    buckets: dict[int, Any] = dict(sketch)
    for bucket, count in by.items():
        buckets[bucket] = buckets.get(bucket, 0) + count
    return {bucket: count for bucket, count in buckets.items() if count}
