"""What a look at an experiment sees of an arm, and what follows. Pure, so that a decision can be taken again from the events before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import log
from typing import Literal

import msgspec

from domain.base.betting import ALPHA
from domain.experiments.design import Design
from domain.flags.comparison import assigned_as_meant, better
from domain.flags.outcome import MEASURES, Metric, Outcome
from domain.flags.rollout import Judgement, judge

RULE = 1
"""Version of how experiments are decided; that of how outcomes are judged stands in the judgement."""

MISMATCH = 0.001
"""p of the sample ratio below which customers are not assigned, or not counted, as they were meant to be."""

Why = Literal["harm", "benefit", "by hand"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Of one `arm` beside the first. `judgement`: what got worse, with the position of the log at which it was taken. `better`: ln E for the
    goal's being better, which it is from `needed` on. `sample_ratio`: p that customers were assigned as meant.

    `customers`: of this arm and of the first, whose outcome is known.
    """

    rule: int = RULE
    arm: str
    goal: Metric
    customers: tuple[int, int]
    judgement: Judgement
    better: float
    needed: float
    sample_ratio: float

    @property
    def mismatch(self) -> bool:
        """Then no figure means anything, and a benefit is none."""
        return self.sample_ratio < MISMATCH

    @property
    def harms(self) -> bool:
        return self.judgement.finding is not None

    def benefits(self, least: int) -> bool:
        return min(self.customers) >= least and not self.mismatch and self.better >= self.needed


def verdict_of(
    design: Design, arm: str, outcomes: Sequence[Outcome], *, position: int, until: datetime
) -> Verdict:
    """`outcomes`: all closed customers of the arm and of the first one, in the order of their assignment."""
    among = len(design.others)
    new = sum(outcome.new for outcome in outcomes)
    return Verdict(
        arm=arm,
        goal=design.goal,
        customers=(new, len(outcomes) - new),
        judgement=judge(design.limits, outcomes, position=position, until=until, among=among),
        better=better(design.goal, outcomes),
        needed=round(log(among / ALPHA), 6),
        sample_ratio=round(assigned_as_meant(outcomes), 9),
    )


def decide(design: Design, verdicts: Sequence[Verdict]) -> tuple[Why, Verdict] | None:
    """Whether it is to be stopped, and for which arm: for harm before benefit; of several benefits for the surest."""
    for verdict in verdicts:
        if verdict.harms:
            return "harm", verdict
    good = [verdict for verdict in verdicts if verdict.benefits(design.least)]
    if design.stop_for_benefit and good:
        return "benefit", max(good, key=lambda verdict: verdict.better)
    return None


def reason_of(why: Why, verdict: Verdict) -> str:
    finding = verdict.judgement.finding
    if why == "harm" and finding is not None:
        return f"{verdict.arm}: {finding.text()}"
    sides, goal = verdict.judgement.sides, verdict.goal
    mine, other = sides.on[goal], sides.off[goal]
    per = MEASURES[goal].per
    return (
        f"{verdict.arm}: {goal} is {mine.value:.6g} over {mine.count} {per}, "
        f"beside {other.value:.6g} over {other.count}, by more than chance explains"
    )
