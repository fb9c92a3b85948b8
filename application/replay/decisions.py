"""Recorded verdicts taken again: of rollouts of flags and of deployments, each from the events before its position. Nothing is written.

First the verdicts are found; then what came of customers is folded, and at the position at which a verdict was taken it is taken once more, on the aggregate as it
was just before. The same events give the same verdict, to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from application.experiments.in_force import version_of
from application.flags.flag import judge_rollout
from application.ports import Seen, Store
from domain.base.aggregate import Aggregate, Event
from domain.base.recorded import Recorded
from domain.experiments.deployment import CANDIDATE, CURRENT, Deployment
from domain.experiments.outcomes import EVENTS, Units
from domain.flags.flag import Flags
from domain.flags.outcome import OFF, ON
from domain.flags.rollout import RULE, Judgement

VERDICTS = (
    Flags.RolloutHeld,
    Flags.RolledBack,
    Deployment.RolloutHeld,
    Deployment.RolledBack,
    Deployment.Stopped,
)
"""Events of which some, or all, are the rule's and nobody's."""

TOPICS = tuple(event.TOPIC for event in VERDICTS)


class ReplayDecisions(msgspec.Struct, frozen=True, kw_only=True):
    """`deployment`: of this one alone. `rows`: how many that differ are shown at most."""

    deployment: UUID | None = None
    rows: int = 1000


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict at `position` of the log comes out otherwise; `again` None: none is taken. `recorded` and `again` are events' facts."""

    position: int
    stream: str
    recorded: dict[str, Any]
    again: dict[str, Any] | None


class DecisionsReplay(msgspec.Struct, kw_only=True):
    """`older`: taken by an earlier version of the rule, which nobody has any more; they are left out."""

    verdicts: int = 0
    older: int = 0
    differing: int = 0
    rows: list[Difference] = []


async def replay_decisions(
    command: ReplayDecisions,
    tenant: UUID,
    *,
    store: Store,
    tell: Callable[[int], object] = lambda _: None,
) -> DecisionsReplay:
    """`tell` hears the position that it has come to. Raises NotFound for a deployment that there is not."""
    if command.deployment is not None:
        await store.load(Deployment, command.deployment, tenant=tenant)
    found, judged, others = DecisionsReplay(), list[tuple[Judgement, Recorded]](), list[Recorded]()
    async for recorded in store.events(tenant, topics=TOPICS):
        if command.deployment not in (None, recorded.stream):
            continue
        event = recorded.event
        judgement = getattr(event, "judgement", None)
        if judgement is not None and judgement.rule != RULE:
            found.older += 1
        elif judgement is not None:
            judged.append((judgement, recorded))
        elif isinstance(event, Deployment.Stopped) and event.present is not None:
            others.append(recorded)
    found.verdicts = len(judged) + len(others)
    for recorded in others:
        _compare(found, command, recorded, await _stopped(recorded, tenant, store))
    due, units = iter(sorted(judged, key=lambda each: each[0].position)), Units()
    following = next(due, None)
    async for recorded in store.events(tenant, topics=[event.TOPIC for event in EVENTS]):
        while following is not None and following[0].position < recorded.position:
            _compare(found, command, following[1], await _judged(*following, units, tenant, store))
            following = next(due, None)
        if following is None:
            break
        units.fold(recorded)
        tell(recorded.position)
    while following is not None:
        _compare(found, command, following[1], await _judged(*following, units, tenant, store))
        following = next(due, None)
    return found


async def _judged(
    judgement: Judgement, recorded: Recorded, units: Units, tenant: UUID, store: Store
) -> Event | None:
    """The event that comes of what `units` knew then."""
    event, until = recorded.event, judgement.until
    assert event is not None
    assert until is not None
    at, before = event.timestamp, recorded.version - 1

    def seen(split: UUID, new: str, beside: str) -> Seen:
        outcomes = units.closed(split, new=new, beside=beside, until=until)
        return Seen(position=judgement.position, until=until, outcomes=outcomes)

    if isinstance(event, Flags.RolloutHeld | Flags.RolledBack):
        flags = await store.load(Flags, recorded.stream, tenant=tenant, version=before)
        running = flags.state.rollouts[event.flag]
        again = judge_rollout(running, seen(running.id, ON, OFF))
        flags.observe_rollout(event.flag, running.id, running.step, again, at)
        return _first(flags)
    deployment = await store.load(Deployment, recorded.stream, tenant=tenant, version=before)
    progress, base = deployment.state.progress, deployment.state.base
    assert progress is not None
    assert base is not None
    again = judge_rollout(progress, seen(deployment.id, CANDIDATE, CURRENT))
    deployment.observe(progress.step, base, again, at)
    return _first(deployment)


async def _stopped(recorded: Recorded, tenant: UUID, store: Store) -> Event | None:
    """The event that comes of the agent that was in force by then."""
    event = recorded.event
    assert isinstance(event, Deployment.Stopped)
    assert event.present is not None
    deployment = await store.load(Deployment, recorded.stream, tenant=tenant, version=recorded.version - 1)
    progress = deployment.state.progress
    assert progress is not None
    version = await version_of(event.present, tenant, store=store)
    present = msgspec.structs.replace(event.present, digest=version.digest)
    deployment.observe(progress.step, present, Judgement(), event.timestamp)
    return _first(deployment)


def _first(aggregate: Aggregate[Any]) -> Event | None:
    """What else comes of it follows from this one."""
    events = list(aggregate.collect_events())
    return events[0] if events else None  # type: ignore[return-value]  # the library's word for our events


def _compare(
    found: DecisionsReplay, command: ReplayDecisions, recorded: Recorded, again: Event | None
) -> None:
    if again == recorded.event:
        return
    found.differing += 1
    if len(found.rows) < command.rows:
        assert recorded.event is not None
        found.rows.append(
            Difference(
                position=recorded.position,
                stream=f"{recorded.topic.partition('.')[0]}/{recorded.stream}",
                recorded=_facts(recorded.event),
                again=None if again is None else _facts(again),
            )
        )


def _facts(event: Event) -> dict[str, Any]:
    columns = ("originator_id", "originator_version", "timestamp")
    facts = {name: value for name, value in msgspec.structs.asdict(event).items() if name not in columns}
    return {"kind": event.TOPIC, **facts}
