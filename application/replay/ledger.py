"""The ledger of a replay that asks models: each answer is on record before its call, what came of it and its cost in one save after it.

Whoever goes on with it finds what was answered, and closes what was under way: that is charged once, for what it surely cost, and not asked again.
Where nobody does, work closes it after a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from application.answers.ports import Ports
from application.budgets.charges import tallies_of
from application.budgets.hold import refresh
from application.budgets.settled_save import settled_save
from application.gateway.run import Run
from application.ports import Clock, Due, Store
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.budgets.spending import charged_for
from domain.models.completion import Attempt
from domain.replay.answer_replay import AnswerReplay
from domain.replay.answer_replay_state import Made, Plan

T = TypeVar("T")

REPLAY_WORK = "replay"

GONE = timedelta(hours=1)
"""After which a process is gone that has begun an answer, and nothing else since: no answer takes that long."""

RACES = 5


@dataclass
class Ledger:
    """`replay` is as it is on record; whoever changes it has the `lock`. `run`: which of its runs this one is. `made`: interaction → version of the
    event with the answer that was made of it before; `lost`: those whose answers were."""

    replay: AnswerReplay
    context: Context
    ports: Ports
    run: int
    made: dict[UUID, int] = field(default_factory=dict)
    lost: set[UUID] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self, interaction: UUID, replayed: UUID, lost: Sequence[Attempt]) -> None:
        """Raises Refused where somebody else has gone on with the replay."""
        async with self.lock:
            for race in range(RACES):
                now = self.ports.clock()
                self.replay.begin_trial(interaction, replayed, lost, run=self.run, at=now)
                due = Due(kind=REPLAY_WORK, key=self.replay.id.hex, due_at=now + GONE)
                try:
                    await self.ports.store.save(self.replay, context=self.context, work=[due])
                    return
                except Conflict:
                    if race == RACES - 1:
                        raise
                    await self._reload()

    async def record(self, interaction: UUID, replayed: UUID, run: Run, answer: Made | None) -> None:
        """What came of it, in one save with the end of what was held for it."""
        async with self.lock:
            for race in range(RACES):
                self.replay.meter(
                    interaction,
                    replayed,
                    attempts=run.attempts,
                    embeddings=run.embeddings,
                    reservations=run.reserved,
                    answer=answer,
                    at=self.ports.clock(),
                )
                try:
                    await settled_save(self.replay, run.calls, run, interaction, self.context, self.ports)
                    return
                except Conflict:  # a reservation has moved on, or the replay
                    if race == RACES - 1:
                        raise
                    await refresh(run, self.context.tenant, self.ports.store)
                    await self._reload()

    async def answered(self, replayed: UUID) -> AnswerReplay.Metered | None:
        """What was made of it by an earlier run."""
        version = self.made.get(replayed)
        if version is None:
            return None
        tenant, stream = self.context.tenant, self.replay.id
        async for recorded in self.ports.store.stream(tenant, stream, after=version - 1, limit=1):
            if isinstance(recorded.event, AnswerReplay.Metered):
                return recorded.event
        raise AssertionError("an event of the log is gone")

    async def _reload(self) -> None:
        self.replay = await self.ports.store.load(AnswerReplay, self.replay.id, tenant=self.context.tenant)


async def begin_ledger(plan: Plan, context: Context, ports: Ports) -> Ledger:
    replay = AnswerReplay.begin(ports.ids(), plan, ports.clock())
    await ports.store.save(replay, context=context)
    return Ledger(replay, context, ports, run=replay.state.runs)


async def resume_ledger(id: UUID, context: Context, ports: Ports) -> tuple[Ledger, Plan]:
    """Of a replay that was begun before. Raises NotFound, Refused."""

    def resume(replay: AnswerReplay) -> Plan:
        return replay.resume(ports.clock())

    replay, plan = await _closing(id, resume, context, ports.store)
    ledger = Ledger(replay, context, ports, run=replay.state.runs)
    async for recorded in ports.store.stream(context.tenant, id):
        if isinstance(recorded.event, AnswerReplay.Metered) and recorded.event.answer is not None:
            ledger.made[recorded.event.replayed] = recorded.version
        elif isinstance(recorded.event, AnswerReplay.TrialInterrupted):
            ledger.lost.add(recorded.event.replayed)
    return ledger, plan


async def close_replay(id: UUID, context: Context, *, store: Store, clock: Clock) -> None:
    """Charge what was begun by a process that is gone, once."""
    await _closing(id, lambda replay: replay.interrupt(clock()), context, store)


async def _closing(
    id: UUID, decide: Callable[[AnswerReplay], T], context: Context, store: Store
) -> tuple[AnswerReplay, T]:
    """With the charge of what is interrupted. Raises NotFound, and what `decide` does."""
    race = 0
    while True:
        replay = await store.load(AnswerReplay, id, tenant=context.tenant)
        decided = decide(replay)
        if not replay.pending_events:
            return replay, decided
        lost = [
            attempt
            for event in replay.pending_events
            if isinstance(event, AnswerReplay.TrialInterrupted)
            for attempt in event.attempts
        ]
        try:
            await store.save(replay, context=context, tallies=tallies_of(charged_for(lost)))
            return replay, decided
        except Conflict:
            race += 1
            if race == RACES:
                raise
