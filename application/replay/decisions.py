"""Recorded verdicts taken again: of rollouts of flags, of experiments and of deployments, each from the events before its position. Nothing is written.

First the verdicts are found; then what came of customers is folded, and at the position at which one was taken it is taken once more. The same events give the
same verdict, to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec

from application.ports import Seen, Store
from application.replay.decisions_report import DecisionsReplay
from application.replay.verdicts import EVENTS, Look, is_older, is_verdict, looks_of, taken_again
from domain.base.recorded import Recorded
from domain.experiments.deployment import Deployment
from domain.experiments.outcomes import EVENTS as TOLD
from domain.experiments.outcomes import Units

TOPICS, OUTCOMES = tuple(event.TOPIC for event in EVENTS), tuple(event.TOPIC for event in TOLD)


class ReplayDecisions(msgspec.Struct, frozen=True, kw_only=True):
    """`deployment`: of this one alone. `rows`: how many that differ are shown at most."""

    deployment: UUID | None = None
    rows: int = 1000


class _Pending(msgspec.Struct, kw_only=True):
    """A verdict that is to be taken again; `seen` of its `looks` so far, which come in the order of their positions."""

    recorded: Recorded
    looks: list[Look]
    seen: dict[Look, Seen] = {}


async def replay_decisions(
    command: ReplayDecisions, tenant: UUID, *, store: Store, tell: Callable[[int], object] = lambda _: None
) -> DecisionsReplay:
    """`tell` hears the position that it has come to. Raises NotFound for a deployment that there is not."""
    if command.deployment is not None:
        await store.load(Deployment, command.deployment, tenant=tenant)
    found, units = DecisionsReplay(), Units()
    due: list[tuple[Look, _Pending]] = []
    async for recorded in store.events(tenant, topics=TOPICS):
        if command.deployment not in (None, recorded.stream) or not is_verdict(recorded.event):
            continue
        if is_older(recorded.event):
            found.older += 1
            continue
        found.verdicts += 1
        pending = _Pending(recorded=recorded, looks=list(await looks_of(recorded, tenant, store)))
        due += [(look, pending) for look in pending.looks]
        if not pending.looks:  # it went by no customer
            found.compare(recorded, await taken_again(recorded, (), tenant, store), command.rows)
    due.sort(key=lambda each: each[0].position, reverse=True)

    async def take_due(before: int | None) -> None:
        while due and (before is None or due[-1][0].position < before):
            look, pending = due.pop()
            outcomes = units.closed(look.split, new=look.new, beside=look.beside, until=look.until)
            pending.seen[look] = Seen(position=look.position, until=look.until, outcomes=outcomes)
            if len(pending.seen) == len(pending.looks):
                seen = [pending.seen[each] for each in pending.looks]
                again = await taken_again(pending.recorded, seen, tenant, store)
                found.compare(pending.recorded, again, command.rows)

    if due:
        async for recorded in store.events(tenant, topics=OUTCOMES):
            await take_due(recorded.position)
            if not due:
                break
            units.fold(recorded)
            tell(recorded.position)
    await take_due(None)
    return found
