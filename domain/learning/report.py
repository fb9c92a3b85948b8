"""The report of an evaluation: each metric of the candidate, beside the baseline's case by case, and what is recommended. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import get_args
from uuid import UUID

import msgspec
import numpy as np

from domain.learning.paired import means, rates, statistics
from domain.learning.recommending import VERSION, Measured, Minimum, Recommendation, recommended
from domain.learning.result import Metric, Result
from domain.learning.scoring import ORDER, bleu_of

FEW = 500
"""Cases below which a report says that there are few."""

RATES: frozenset[Metric] = frozenset({"exact", "handoff", "failed"})


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """ms."""

    p50: float
    p95: float


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """USD. `interrupted`: calls whose process ended before their answer was on record, by our own count; `lost`: tries that came to nothing."""

    candidate: Decimal = Decimal(0)
    baseline: Decimal = Decimal(0)
    judge: Decimal = Decimal(0)
    interrupted: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)

    @property
    def whole(self) -> Decimal:
        return self.candidate + self.baseline + self.judge + self.interrupted + self.lost


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`quality`: the leading metric. `unseen`: metric → cases whose script it cannot see. `erased`: cases that are gone with their customer.
    `reasons`: what the recommendation goes by, `warnings` what to bear in mind, in words. `rule`: version of what recommends."""

    cases: int
    compared: int
    erased: int
    quality: Metric
    metrics: dict[Metric, Measured]
    unseen: dict[str, int]
    latency: dict[str, Latency]
    spent: Spent
    interrupted: int
    recommendation: Recommendation
    passed: bool
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    rule: int = VERSION


def report_of(
    candidate: Mapping[UUID, Result],
    baseline: Mapping[UUID, Result],
    minimum: Minimum,
    *,
    compares: bool,
    erased: int,
    spent: Spent,
    interrupted: int,
    seed: int,
    warnings: Sequence[str] = (),
) -> Report:
    """Of the results by case; `compares`: there was to be a baseline. The same results and seed give the same report."""
    metrics = {metric: _measured(metric, candidate, baseline, seed) for metric in get_args(Metric)}
    judged = metrics["judge"].cases
    quality: Metric = "judge" if judged else "chrf"
    passed, recommendation, reasons = recommended(metrics, quality, minimum, compares)
    unseen: dict[str, int] = {}
    for result in candidate.values():
        for name in result.scores.unseen:
            unseen[name] = unseen.get(name, 0) + 1
    told = [*warnings]
    if len(candidate) < FEW:
        told.append(f"{len(candidate)} cases are few: below {FEW} only large differences can be shown")
    told += [
        f"{name} cannot see the words of {count} cases, whose script does not part them; they are left out of it"
        for name, count in sorted(unseen.items())
    ]
    if stood_in := sum(result.stood_in for result in candidate.values()):
        told.append(
            f"{stood_in} answers of the candidate came from another model than the chosen one, which failed"
        )
    if 0 < judged < len(candidate):
        told.append(f"the judge gave no mark for {len(candidate) - judged} cases; they are left out of it")
    return Report(
        cases=len(candidate),
        compared=len(candidate.keys() & baseline.keys()),
        erased=erased,
        quality=quality,
        metrics=metrics,
        unseen=unseen,
        latency={
            arm: found
            for arm, side in (("candidate", candidate), ("baseline", baseline))
            if (found := _latency(side)) is not None
        },
        spent=spent,
        interrupted=interrupted,
        recommendation=recommendation,
        passed=passed,
        reasons=reasons,
        warnings=tuple(told),
    )


def _measured(
    metric: Metric, candidate: Mapping[UUID, Result], baseline: Mapping[UUID, Result], seed: int
) -> Measured:
    if metric == "bleu":
        return _bleu(candidate, baseline, seed)
    figures = {
        case: value for case in sorted(candidate) if (value := candidate[case].figure(metric)) is not None
    }
    others = {
        case: value
        for case in figures
        if case in baseline and (value := baseline[case].figure(metric)) is not None
    }
    pairs = [(figures[case], others[case]) for case in others]
    difference = None
    if pairs:
        new, old = zip(*pairs, strict=True)
        if metric in RATES:
            difference = rates([bool(each) for each in new], [bool(each) for each in old])
        else:
            difference = means(new, old, seed)
    mean = float(np.mean(list(figures.values()))) if figures else None
    return Measured(cases=len(figures), candidate=mean, difference=difference)


def _bleu(candidate: Mapping[UUID, Result], baseline: Mapping[UUID, Result], seed: int) -> Measured:
    """Of all cases as one text, as it is meant to be."""
    rows = {case: row for case in sorted(candidate) if (row := _row(candidate[case])) is not None}
    if not rows:
        return Measured(cases=0, candidate=None)
    others = {case: row for case in rows if case in baseline and (row := _row(baseline[case])) is not None}
    whole = float(bleu_of([np.sum(list(rows.values()), axis=0)])[0])
    difference = None
    if others:
        new, old = np.array([rows[case] for case in others], float), np.array(list(others.values()), float)
        difference = statistics(new, old, bleu_of, seed)
    return Measured(cases=len(rows), candidate=whole, difference=difference)


def _row(result: Result) -> tuple[int, ...] | None:
    if result.failed:
        return (0,) * (2 * ORDER + 2)
    return None if result.scores.bleu is None else result.scores.bleu.row


def _latency(results: Mapping[UUID, Result]) -> Latency | None:
    took = [result.latency_ms for result in results.values() if not result.failed]
    if not took:
        return None
    middle, late = np.quantile(took, [0.5, 0.95])
    return Latency(p50=round(float(middle), 3), p95=round(float(late), 3))
