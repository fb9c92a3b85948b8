"""How a new version does beside another: intervals that hold at any look, and evidence that it is better."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.base.betting import ALPHA, Interval, evidence, interval, sample_ratio
from domain.flags.outcome import MEASURES, Columns, Metric, Outcome


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """`times`: so many times the other's (of latency and cost: of the typical one). `apart`: the difference, of rates. `total`: of latency
    and cost, times the other's mean over answers, none of which counts more than the 95th percentile of the first customers'.

    `better`: ln E for the new one's being better; it is where that has come to ln(1/α).
    """

    times: Interval
    apart: Interval | None = None
    total: Interval | None = None
    better: float = 0.0


def compare(metric: Metric, outcomes: Sequence[Outcome], *, alpha: float = ALPHA) -> Compared:
    """`outcomes`: all closed customers of both, in the order of their assignment. Each interval misses the truth, at whatever look, in at most
    `alpha` of all comparisons."""
    measure, columns = MEASURES[metric], Columns(outcomes)
    seen, logs = columns.units(metric), measure.kind == "log"
    return Compared(
        times=interval(seen, measure.kind, alpha=alpha),
        apart=interval(seen, "rate", alpha=alpha, difference=True) if measure.kind == "rate" else None,
        total=interval(columns.units(metric, total=True), "ratio", alpha=alpha) if logs else None,
        better=better(metric, outcomes),
    )


def better(metric: Metric, outcomes: Sequence[Outcome]) -> float:
    """The highest ln E so far for the new one's being better."""
    measure = MEASURES[metric]
    path = evidence(Columns(outcomes).units(metric), measure.kind, rise_harms=not measure.rise_harms)
    return round(float(path.max()), 6) if len(path) else 0.0


def assigned_as_meant(outcomes: Sequence[Outcome]) -> float:
    """p of the χ² test that as many were given the new version as its shares say (domain/base/betting.py: sample_ratio)."""
    new, meant = sum(o.new for o in outcomes), sum(o.share for o in outcomes)
    return sample_ratio((new, len(outcomes) - new), (meant, len(outcomes) - meant))
