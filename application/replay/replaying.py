"""A replay of answers under way: some are made again at once, and what that costs is saved as soon as it is known."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from application.answers.ports import Ports
from application.base.tasks import cancel_and_wait, run_to_end
from application.budgets.hold import refresh
from application.budgets.settled_save import settled_save
from application.gateway.run import Run
from application.learning.as_then import AsThen
from application.learning.recorded import Missing, RecordedAnswer, recorded_answer
from application.learning.trial import Tried, try_answer
from application.replay.again import AsRecorded, searches_anew, understands_anew
from application.replay.answers_report import Compared, Figures
from application.replay.passages_then import with_passages
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.base.recorded import Recorded
from domain.replay.answer_replay import AnswerReplay

RACES = 5


class ReplayAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """`source`: the agent as it was at each answer, the one in force, or this variant of the one at each answer. `completions`: those of the record,
    or asked of models. The first `limit` answers from `since` until before `until`; `rows`: how many that differ are shown at most."""

    source: Literal["as-recorded", "current"] | Variant
    completions: Literal["recorded", "ask"]
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 1000
    at_once: int = 4
    rows: int = 100


@dataclass
class Replaying:
    """`figures` are all that is kept of answers that were made again, but for the first that differ. `stream`: with the cost, where models are asked. `left_out`: why → how many could not be made again; `stopped`: why it ended early."""

    command: ReplayAnswers
    context: Context
    ports: Ports
    as_then: AsThen
    figures: Figures
    stream: AnswerReplay | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    stopped: str | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, events: list[Recorded]) -> None:
        """Some at once; they are compared in the order of the log."""
        waiting, places = iter(events), self.command.at_once
        found: dict[int, Compared] = {}

        async def some() -> None:
            for event in waiting:
                if self.stopped is not None:
                    return
                if (compared := await self._again(event)) is not None:
                    found[event.position] = compared

        tasks = [asyncio.create_task(some()) for _ in range(min(places, len(events)))]
        if tasks:
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            finally:
                await cancel_and_wait(*tasks)
        # The likeness of texts takes longer than others may wait for the event loop.
        await asyncio.to_thread(self.figures.add, [found[position] for position in sorted(found)])

    async def _again(self, event: Recorded) -> Compared | None:
        try:
            recorded = await recorded_answer(event, self.as_then, self.context, self.ports)
        except Missing as missing:
            self._leave_out(str(missing))
            return None
        if self.command.completions == "recorded":
            return await self._with_the_record(recorded)
        return await self._asked(recorded)

    async def _with_the_record(self, recorded: RecordedAnswer) -> Compared:
        completing = AsRecorded(recorded)
        tried = await self._try(recorded, Run(), completing)
        same_calls = completing.anew is None
        return Compared(
            recorded=recorded,
            text=None if completing.anew else tried.text,
            citations=tried.citations,
            decision=tried.decision,
            cost=recorded.cost if same_calls else None,
            latency_ms=recorded.latency_ms if same_calls else None,
            anew=completing.anew,
        )

    async def _asked(self, recorded: RecordedAnswer) -> Compared | None:
        run = Run()
        try:
            tried = await self._try(recorded, run, None)
        except BaseException:
            if run.unrecorded:
                await run_to_end(self._meter(recorded.interaction, run))
            raise
        await run_to_end(self._meter(recorded.interaction, run))
        if tried.refusal is not None:
            self.stopped = tried.refusal.detail
            return None
        if tried.text is None:
            self._leave_out("no model answered")
            return None
        return Compared(
            recorded=recorded,
            text=tried.text,
            citations=tried.citations,
            decision=tried.decision,
            cost=tried.cost,
            latency_ms=tried.latency_ms,
        )

    async def _try(self, recorded: RecordedAnswer, run: Run, completing: AsRecorded | None) -> Tried:
        source = self.command.source
        variant = source if isinstance(source, Variant) else Variant()
        ports = self.ports if searches_anew(variant) else with_passages(recorded, self.ports)
        inquiry = msgspec.structs.replace(recorded.inquiry, interaction=self.ports.ids())
        if understands_anew(variant) or (searches_anew(variant) and inquiry.understood is not None):
            inquiry = msgspec.structs.replace(inquiry, understood=None)
        base = None if source == "current" else recorded.served
        return await try_answer(inquiry, variant, run, self.context, ports, base=base, completing=completing)

    async def _meter(self, replayed: UUID, run: Run) -> None:
        """What one has cost, in the replay's own stream."""
        async with self.lock:
            assert self.stream is not None
            for race in range(RACES):
                self.stream.meter(
                    run.interaction,
                    replayed,
                    attempts=run.attempts,
                    embeddings=run.embeddings,
                    reservations=run.reserved,
                    at=self.ports.clock(),
                )
                try:
                    await settled_save(self.stream, run.calls, run, run.interaction, self.context, self.ports)
                    return
                except Conflict:  # a reservation has moved on
                    if race == RACES - 1:
                        raise
                    await refresh(run, self.context.tenant, self.ports.store)
                    self.stream = await self.ports.store.load(
                        AnswerReplay, self.stream.id, tenant=self.context.tenant
                    )

    def _leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1
