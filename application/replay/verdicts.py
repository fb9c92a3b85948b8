"""A recorded verdict, taken again: what it went by, and the event that comes of it on the aggregate as it was just before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from application.experiments.in_force import version_of
from application.flags.flag import judge_rollout
from application.ports import Seen, Store
from domain.base.aggregate import Aggregate, Event
from domain.base.recorded import Recorded
from domain.experiments import verdict
from domain.experiments.deployment import CANDIDATE, CURRENT, Deployment
from domain.experiments.experiment import Experiment
from domain.experiments.verdict import verdict_of
from domain.flags.flag import Flags
from domain.flags.outcome import OFF, ON
from domain.flags.rollout import RULE, Judgement

EVENTS = (
    Flags.RolloutHeld,
    Flags.RolledBack,
    Deployment.RolloutHeld,
    Deployment.RolledBack,
    Deployment.Stopped,
    Experiment.Stopped,
)
"""Of which some, or all, are the rule's and nobody's."""


class Look(NamedTuple):
    """At the customers of two arms who were closed `until` then, as of a position of the log."""

    position: int
    split: UUID
    new: str
    beside: str
    until: datetime


def judgements_of(event: Event | None) -> Sequence[Judgement]:
    """That it was decided by; of what somebody has decided there are none."""
    if isinstance(event, Experiment.Stopped):
        return [each.judgement for each in event.verdicts]
    judgement = getattr(event, "judgement", None)
    return [] if judgement is None else [judgement]


def is_verdict(event: Event | None) -> bool:
    by_the_agent = isinstance(event, Deployment.Stopped) and event.present is not None
    return by_the_agent or bool(judgements_of(event))


def is_older(event: Event | None) -> bool:
    """By a version of the rule that nobody has any more."""
    rules = [each.rule for each in event.verdicts] if isinstance(event, Experiment.Stopped) else []
    return any(rule != verdict.RULE for rule in rules) or any(
        judgement.rule != RULE for judgement in judgements_of(event)
    )


async def looks_of(recorded: Recorded, tenant: UUID, store: Store) -> Sequence[Look]:
    """What has to be seen again."""
    event, split = recorded.event, recorded.stream
    arms = [(CANDIDATE, CURRENT)]
    if isinstance(event, Flags.RolloutHeld | Flags.RolledBack):
        split, arms = event.rollout, [(ON, OFF)]
    elif isinstance(event, Experiment.Stopped):
        control = (await _before(Experiment, recorded, tenant, store)).state.design.control.name
        arms = [(each.arm, control) for each in event.verdicts]
    looks = []
    for (new, beside), judgement in zip(arms, judgements_of(event), strict=False):
        assert judgement.until is not None
        looks.append(Look(judgement.position, split, new, beside, judgement.until))
    return looks


async def taken_again(recorded: Recorded, seen: Sequence[Seen], tenant: UUID, store: Store) -> Event | None:
    """The event that comes of what was `seen`, in the order of its looks; None: none does."""
    event = recorded.event
    assert event is not None
    at = event.timestamp
    if isinstance(event, Flags.RolloutHeld | Flags.RolledBack):
        flags = await _before(Flags, recorded, tenant, store)
        running = flags.state.rollouts[event.flag]
        flags.observe_rollout(event.flag, running.id, running.step, judge_rollout(running, seen[0]), at)
        return _first(flags)
    if isinstance(event, Experiment.Stopped):
        experiment = await _before(Experiment, recorded, tenant, store)
        design = experiment.state.design
        verdicts = [
            verdict_of(design, each.arm, found.outcomes, position=found.position, until=found.until)
            for each, found in zip(event.verdicts, seen, strict=True)
        ]
        experiment.observe(verdicts, at)
        return _first(experiment)
    deployment = await _before(Deployment, recorded, tenant, store)
    progress, present = deployment.state.progress, deployment.state.base
    assert progress is not None
    assert present is not None
    if isinstance(event, Deployment.Stopped) and event.present is not None:
        digest = (await version_of(event.present, tenant, store=store)).digest
        present = msgspec.structs.replace(event.present, digest=digest)
    judgement = judge_rollout(progress, seen[0]) if seen else Judgement()
    deployment.observe(progress.step, present, judgement, at)
    return _first(deployment)


async def _before(kind: type[Any], recorded: Recorded, tenant: UUID, store: Store) -> Any:
    """The aggregate, just before it."""
    return await store.load(kind, recorded.stream, tenant=tenant, version=recorded.version - 1)


def _first(aggregate: Aggregate[Any]) -> Event | None:
    """What else comes of it follows from this one."""
    events = list(aggregate.collect_events())
    return events[0] if events else None  # type: ignore[return-value]  # the library's word for our events
