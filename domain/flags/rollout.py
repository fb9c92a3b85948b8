"""A gradual rollout: steps with times to hold, and what must not get worse meanwhile. The same for whatever is rolled out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import log

import msgspec

from domain.base.betting import ALPHA, above, evidence
from domain.flags.outcome import MEASURES, Columns, Figure, Metric, Outcome
from domain.flags.plan import Limits, Plan, Side

RULE = 3
"""Version of how outcomes are judged. 1 was a confidence sequence over answers; 2 left out answers whose caller went away."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was too bad: `value`, over `answers` (or whatever it is a mean of), is beyond `bound`, by more than chance could explain.

    `other` is the value of the `others` that the bound was made from; None where it is a figure of the plan.
    """

    metric: Metric
    value: float
    bound: float
    answers: int
    other: float | None = None
    others: int = 0
    side: Side = "worse"

    def text(self) -> str:
        than = "" if self.other is None else f", made from {self.other:.6g} of {self.others} others"
        per = MEASURES[self.metric].per
        return f"{self.metric} is {self.value:.6g} over {self.answers} {per}; the bound is {self.bound:.6g}{than}"


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """How customers did for whom it is `on`, and for whom it is `off`."""

    on: Mapping[Metric, Figure] = {}
    off: Mapping[Metric, Figure] = {}


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen, and what follows. By the `rule` of this version, from the events up to `position`, of customers who were closed `until`
    then: the same again from the same events.

    `step`: closed customers that were assigned since the step began, (on, off). `evidence`: the highest ln E so far of each test, by
    'metric.side'; a `finding` is one that has come to `needed`.
    """

    rule: int = 2  # the first one that is on record with all this
    position: int = 0
    until: datetime | None = None
    step: tuple[int, int] = (0, 0)
    sides: Sides = Sides()
    evidence: Mapping[str, float] = {}
    needed: float = 0.0
    finding: Finding | None = None


def judge(
    limits: Limits,
    outcomes: Sequence[Outcome],
    *,
    position: int,
    until: datetime,
    since: datetime | None = None,
    among: int = 1,
) -> Judgement:
    """Whether something is too bad, beyond what chance can explain however often one looks. `outcomes`: all closed customers of the rollout, in
    the order of their assignment. `since`: when the step began. `among`: comparisons that share the chance of a false alarm."""
    columns, tests = Columns(outcomes), limits.tests()
    sides = Sides(
        on={metric: columns.figure(metric, new=True) for metric in MEASURES},
        off={metric: columns.figure(metric, new=False) for metric in MEASURES},
    )
    needed = log(max(len(tests), 1) * among / ALPHA)
    found = {test: _evidence(*test, columns) for test in tests}
    worst = max(found, key=lambda test: found[test], default=None)
    finding = _finding(*worst, sides, columns) if worst is not None and found[worst] >= needed else None
    young = [o.new for o in outcomes if since is None or o.at >= since]
    return Judgement(
        rule=RULE,
        position=position,
        until=until,
        step=(sum(young), len(young) - sum(young)),
        sides=sides,
        evidence={f"{metric}.{side}": found[metric, side, bound] for metric, side, bound in tests},
        needed=round(needed, 6),
        finding=finding,
    )


def enough(plan: Plan, step: int, judgement: Judgement) -> bool:
    """Whether there were customers enough in this step to say that all is well. Where everybody has it there are no others."""
    on, off = judgement.step
    return on >= plan.least and (off >= plan.least or plan.steps[step].percentage == 100)


def _evidence(metric: Metric, side: Side, bound: float, columns: Columns) -> float:
    """The highest ln E so far."""
    measure = MEASURES[metric]
    if side == "worse":
        sign = 1 if measure.rise_harms else -1
        factor, plus = (1 + sign * bound, 0.0) if measure.relative else (1.0, bound)
        path = evidence(
            columns.units(metric), measure.kind, rise_harms=measure.rise_harms, factor=factor, plus=plus
        )
    else:
        means = columns.means(metric, new=True)
        path = above([1 - mean for mean in means], 1 - bound) if side == "least" else above(means, bound)
    return round(float(path.max()), 6) if len(path) else 0.0


def _finding(metric: Metric, side: Side, bound: float, sides: Sides, columns: Columns) -> Finding:
    measure, mine, other = MEASURES[metric], sides.on[metric], sides.off[metric]
    if side != "worse":
        means = columns.means(metric, new=True)
        value = sum(means) / len(means)
        return Finding(metric=metric, side=side, value=value, bound=bound, answers=mine.count)
    sign = 1 if measure.rise_harms else -1
    return Finding(
        metric=metric,
        value=mine.value,
        bound=other.value * (1 + sign * bound) if measure.relative else other.value + bound,
        answers=mine.count,
        other=other.value,
        others=other.count,
    )
