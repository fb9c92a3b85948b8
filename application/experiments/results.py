"""What came of each arm of an experiment, beside the first one: figures, intervals that hold at any look, and what follows from them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from application.flags.flag import GRACE
from application.ports import Clock, Outcomes, Seen
from domain.experiments.design import Design
from domain.experiments.experiment import Experiment
from domain.experiments.verdict import Verdict, verdict_of
from domain.flags.comparison import Compared, compare
from domain.flags.outcome import MEASURES, Figure, Metric, Outcome

R = TypeVar("R")

KEPT = 100
"""Comparisons that a process keeps, those that were made last: whoever watches an experiment asks again and again."""

INLINE = 500
"""Customers whose outcomes are judged on the spot (some milliseconds); more beside the event loop."""


_kept: OrderedDict[tuple[UUID, str, int], Mapping[Metric, Compared]] = OrderedDict()
"""By experiment, arm and how many customers were closed: they are closed in order and for good, so the same number is the same customers."""


class ArmFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of an arm's customers whose outcome is known."""

    arm: str
    share: float
    customers: int
    figures: Mapping[Metric, Figure]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Of one arm beside the first. Each interval holds at all looks together."""

    arm: str
    metrics: Mapping[Metric, Compared]
    verdict: Verdict


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """From the events up to `position`, of customers whose window was over `until` then."""

    position: int
    until: datetime
    arms: tuple[ArmFigures, ...]
    comparisons: tuple[Comparison, ...]


async def results_of(
    experiment: Experiment, tenant: UUID, *, outcomes: Outcomes, clock: Clock
) -> Results | None:
    """None: it has never run. Raises Unavailable while the read model is behind."""
    design = experiment.state.design
    seen = await _seen(experiment, tenant, outcomes=outcomes, clock=clock)
    if not seen:
        return None

    def compared() -> Results:
        return _results(experiment.id, design, seen)

    return await _beside(compared, seen)


async def verdicts_of(
    experiment: Experiment, tenant: UUID, *, outcomes: Outcomes, clock: Clock
) -> tuple[Verdict, ...]:
    """Of all arms but the first; none of one that has never run. Raises Unavailable while the read model is behind."""
    design = experiment.state.design
    seen = await _seen(experiment, tenant, outcomes=outcomes, clock=clock)
    return await _beside(lambda: _verdicts(design, seen), seen)


async def _beside(made: Callable[[], R], seen: Mapping[str, Seen]) -> R:
    """Where it holds nobody up."""
    many = sum(len(each.outcomes) for each in seen.values()) > INLINE
    return await asyncio.to_thread(made) if many else made()


async def _seen(
    experiment: Experiment, tenant: UUID, *, outcomes: Outcomes, clock: Clock
) -> Mapping[str, Seen]:
    """By arm, beside the first one."""
    if experiment.state.started_at is None:
        return {}
    design, until = experiment.state.design, clock() - GRACE
    return {
        arm.name: await outcomes.closed(
            tenant, experiment.id, new=arm.name, beside=design.control.name, until=until
        )
        for arm in design.others
    }


def _verdicts(design: Design, seen: Mapping[str, Seen]) -> tuple[Verdict, ...]:
    return tuple(
        verdict_of(design, arm, each.outcomes, position=each.position, until=each.until)
        for arm, each in seen.items()
    )


def _results(id: UUID, design: Design, seen: Mapping[str, Seen]) -> Results:
    verdicts = _verdicts(design, seen)
    arms = [_figures(design, design.control.name, verdicts[0].customers[1], verdicts[0].judgement.sides.off)]
    arms += [_figures(design, each.arm, each.customers[0], each.judgement.sides.on) for each in verdicts]
    last = list(seen.values())[-1]
    return Results(
        position=last.position,
        until=last.until,
        arms=tuple(arms),
        comparisons=tuple(
            Comparison(
                arm=verdict.arm,
                metrics=_compared(id, verdict.arm, seen[verdict.arm].outcomes),
                verdict=verdict,
            )
            for verdict in verdicts
        ),
    )


def _compared(id: UUID, arm: str, outcomes: Sequence[Outcome]) -> Mapping[Metric, Compared]:
    key = (id, arm, len(outcomes))
    if (known := _kept.get(key)) is not None:
        return known
    made = {metric: compare(metric, outcomes) for metric in MEASURES}
    _kept[key] = made
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return made


def _figures(design: Design, name: str, customers: int, figures: Mapping[Metric, Figure]) -> ArmFigures:
    share = next(arm.share for arm in design.arms if arm.name == name)
    return ArmFigures(arm=name, share=share, customers=customers, figures=figures)
