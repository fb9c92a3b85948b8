"""How an experiment and its results are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from application.experiments.results import Results
from domain.experiments.design import Design
from domain.experiments.experiment import Conclusion, Ended, Experiment, Status
from domain.experiments.verdict import Verdict
from domain.flags.comparison import Compared
from domain.flags.outcome import Figure, Metric
from domain.flags.rollout import Finding


class FigureOut(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is what is compared: the mean over `count` answers (ratings, customers, helpful answers), of latency and cost the typical
    one (geometric mean), beside which stands their `mean`."""

    value: float
    mean: float
    count: int


class VerdictOut(msgspec.Struct, frozen=True, kw_only=True):
    """Of `arm` beside the first, by this version of the `rule`, from the events up to `position`, of customers whose window was over `until`
    then. `customers`: of the arm, of the first. `better`: ln E for the goal, which is better from `needed` on. `harm`: the limit that broke;
    `evidence`: ln E of each limit, by 'metric.side'. `sample_ratio`: p that customers were assigned as meant."""

    rule: int
    position: int
    until: datetime | None
    arm: str
    customers: tuple[int, int]
    better: float
    needed: float
    harm: Finding | None
    evidence: dict[str, float]
    sample_ratio: float
    figures: dict[Metric, FigureOut]
    beside: dict[Metric, FigureOut]


class ExperimentOut(msgspec.Struct, frozen=True, kw_only=True):
    """`traffic`: the part of all customers that takes part by now. `ended`: why nobody gets its arms any more; `conclusion`: what it came to;
    `verdicts`: the figures of the decision that ended it, each with the position of the log and the rule's version."""

    id: UUID
    version: int
    status: Status
    design: Design
    traffic: float
    created_at: datetime | None
    started_at: datetime | None
    ended: Ended | None
    conclusion: Conclusion | None
    verdicts: list[VerdictOut]


class ArmOut(msgspec.Struct, frozen=True, kw_only=True):
    """`customers`: those whose window is over."""

    name: str
    share: float
    customers: int
    figures: dict[Metric, FigureOut]


class ComparisonOut(msgspec.Struct, frozen=True, kw_only=True):
    """Of `arm` beside the first. Each interval misses the truth in at most 5 of 100 experiments, however often one looks; null: nothing is
    known on that side yet. `better`: ln E for the goal, which is better from `needed` on. `harm`: the limit that broke.

    `sample_ratio`: p that customers were assigned as meant; below 0.001 there is a `mismatch`, and no figure means anything.
    """

    arm: str
    metrics: Mapping[Metric, Compared]
    better: float
    needed: float
    goal_is_better: bool
    harm: Finding | None
    sample_ratio: float
    mismatch: bool


class ResultsOut(msgspec.Struct, frozen=True, kw_only=True):
    """From the events up to `position`, of customers whose window was over `until` then. `arms` is empty until it has begun."""

    id: UUID
    status: Status
    goal: Metric
    position: int | None
    until: datetime | None
    arms: list[ArmOut]
    comparisons: list[ComparisonOut]


def experiment_shown(found: Experiment) -> ExperimentOut:
    state = found.state
    return ExperimentOut(
        id=found.id,
        version=found.version,
        status=state.status,
        design=state.design,
        traffic=state.traffic,
        created_at=state.created_at,
        started_at=state.started_at,
        ended=state.ended,
        conclusion=state.conclusion,
        verdicts=[_verdict(each) for each in state.verdicts],
    )


def _verdict(verdict: Verdict) -> VerdictOut:
    judged = verdict.judgement
    return VerdictOut(
        rule=verdict.rule,
        position=judged.position,
        until=judged.until,
        arm=verdict.arm,
        customers=verdict.customers,
        better=verdict.better,
        needed=verdict.needed,
        harm=judged.finding,
        evidence=dict(judged.evidence),
        sample_ratio=verdict.sample_ratio,
        figures=_figures(judged.sides.on),
        beside=_figures(judged.sides.off),
    )


def _figures(figures: Mapping[Metric, Figure]) -> dict[Metric, FigureOut]:
    return {
        metric: FigureOut(value=figure.shown, mean=figure.mean, count=figure.count)
        for metric, figure in figures.items()
    }


def results_shown(found: Experiment, came: Results | None) -> ResultsOut:
    arms = [] if came is None else came.arms
    return ResultsOut(
        id=found.id,
        status=found.state.status,
        goal=found.state.design.goal,
        position=None if came is None else came.position,
        until=None if came is None else came.until,
        arms=[
            ArmOut(
                name=arm.arm,
                share=arm.share,
                customers=arm.customers,
                figures=_figures(arm.figures),
            )
            for arm in arms
        ],
        comparisons=[
            ComparisonOut(
                arm=each.arm,
                metrics=each.metrics,
                better=each.verdict.better,
                needed=each.verdict.needed,
                goal_is_better=each.verdict.benefits(found.state.design.least),
                harm=each.verdict.judgement.finding,
                sample_ratio=each.verdict.sample_ratio,
                mismatch=each.verdict.mismatch,
            )
            for each in (came.comparisons if came is not None else ())
        ],
    )
