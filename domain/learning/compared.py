"""Variants of the agent side by side on one dataset version, by the reports of finished evaluations. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from domain.answers.variant import MODEL_CHOICE, Variant
from domain.base.money import short
from domain.learning.evaluation import Evaluation
from domain.learning.report import Latency, Report
from domain.learning.result import Arm, Metric
from domain.learning.tradeoff import Option

IN_FORCE = "agent in force"


class Mean(msgspec.Struct, frozen=True, kw_only=True):
    """Over so many `cases`."""

    cases: int
    value: float


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """A variant's figures, as the `arm` of an evaluation: of all cases, for a baseline of those that the candidate has too. `model`: what the
    variant chooses; None: the agent's own choice. Rates are of all cases, `cost` is USD of an answer, latencies in ms."""

    name: str
    variant: Variant
    model: str | None
    evaluation: UUID
    arm: Arm
    judge: str | None
    chrf: Mean | None
    marks: Mean | None
    failure_rate: float
    handoff_rate: float
    cost: Decimal
    latency: Latency | None

    def quality(self, metric: Metric) -> Mean | None:
        return self.marks if metric == "judge" else self.chrf


def evaluated(id: UUID, about: Evaluation.Requested, report: Report) -> list[Evaluated]:
    """Both arms of a finished evaluation. A baseline that is another evaluation is told by that one."""
    found, baseline = [], about.baseline
    if baseline is not None and baseline.variant is not None and report.compared:
        found.append(_arm(id, about, report, baseline.variant, "baseline"))
    return [*found, _arm(id, about, report, about.variant, "candidate")]


def _arm(id: UUID, about: Evaluation.Requested, report: Report, variant: Variant, arm: Arm) -> Evaluated:
    cost = _mean(report, "cost", arm)
    return Evaluated(
        name=_name(variant, about.name, arm),
        variant=variant,
        model=variant.model,
        evaluation=id,
        arm=arm,
        judge=about.judge,
        chrf=_mean(report, "chrf", arm),
        marks=_mean(report, "judge", arm),
        failure_rate=_value(_mean(report, "failed", arm)),
        handoff_rate=_value(_mean(report, "handoff", arm)),
        cost=short(Decimal(str(_value(cost)))),
        latency=report.latency.get(arm),
    )


def _mean(report: Report, metric: Metric, arm: Arm) -> Mean | None:
    measured = report.metrics.get(metric)
    if measured is None:
        return None
    if arm == "candidate":
        return None if measured.candidate is None else Mean(cases=measured.cases, value=measured.candidate)
    found = measured.difference
    return None if found is None else Mean(cases=found.cases, value=found.baseline)


def _value(mean: Mean | None) -> float:
    return 0.0 if mean is None else mean.value


def _name(variant: Variant, evaluation: str, arm: Arm) -> str:
    """By what it differs from the agent in force."""
    if not variant.parts:
        return IN_FORCE
    if variant.model is not None and variant.parts == {MODEL_CHOICE}:
        return variant.model
    return evaluation if arm == "candidate" else f"baseline of {evaluation}"


def latest(found: Iterable[Evaluated]) -> list[Evaluated]:
    """Each variant once, as the last of them has it; names that two of them would have get a number."""
    by_digest: dict[str, Evaluated] = {}
    for each in found:
        by_digest.pop(each.variant.digest, None)
        by_digest[each.variant.digest] = each
    taken: set[str] = set()
    rows = []
    for each in by_digest.values():
        name, number = each.name, 1
        while name in taken:
            number += 1
            name = f"{each.name} ({number})"
        taken.add(name)
        rows.append(msgspec.structs.replace(each, name=name))
    return rows


def metric_of(found: Sequence[Evaluated]) -> Metric:
    """By which they can be compared: the judge's mark where the same one marked them all, else chrF."""
    judges = {each.judge if each.marks is not None else None for each in found}
    return "judge" if len(judges) == 1 and None not in judges else "chrf"


def option_of(each: Evaluated, metric: Metric) -> Option:
    quality = each.quality(metric)
    return Option(
        model=each.name,
        judged=0 if quality is None else quality.cases,
        good=0.0 if quality is None else quality.value * quality.cases,
        cost=each.cost,
        latency_ms=None if each.latency is None else each.latency.p50,
    )
