"""A replay of answers under way: some are made again at once, and what that costs is saved as soon as it is known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Literal

import msgspec

from application.answers.inquiry import Inquiry
from application.answers.ports import Ports
from application.answers.variants import Served, served_to, varied
from application.base.tasks import cancel_and_wait, run_to_end
from application.budgets.hold import Announce
from application.gateway.run import Run
from application.learning.as_then import AsThen
from application.learning.recorded import Missing, RecordedAnswer, recorded_answer
from application.learning.trial import CHOSEN, Tried, try_answer
from application.replay.again import AsRecorded
from application.replay.anew import asked_on_the_way, inquiry_again, searches_anew
from application.replay.answers_report import Figures
from application.replay.compared import Compared, compared_with, suggested, unanswered
from application.replay.ledger import Ledger
from application.replay.passages_then import with_passages
from application.replay.recalled import recalled
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.recorded import Recorded
from domain.models.completion import Attempt
from domain.replay.answer_replay_state import Made

LOST = "its process ended before its answer was on record; what it has cost is charged"


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
    """`figures` are all that is kept of answers that were made again, but for the first that differ. `ledger`: where models are asked. `left_out`: why →
    how many could not be made again; `stopped`: why it ended early."""

    command: ReplayAnswers
    context: Context
    ports: Ports
    as_then: AsThen
    figures: Figures
    ledger: Ledger | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    stopped: str | None = None

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
        if self.ledger is None:
            return await self._with_the_record(recorded)
        if any(turn.attachments for turn in recorded.prompt):
            self._leave_out("it has images or files, which no model is asked about again")
            return None
        return await self._asked_once(recorded, self.ledger)

    async def _with_the_record(self, recorded: RecordedAnswer) -> Compared:
        """Nothing is asked for it, also on the way: where it would be, there is no answer."""
        inquiry, served = await self._anew(recorded)
        why = asked_on_the_way(
            inquiry,
            served.settings.configuration,
            searches=searches_anew(self._variant),
            space=await self.ports.embedder.serving(self.context.tenant),
        )
        if why is not None:
            return unanswered(recorded, recorded.decision, recorded.citations, why)
        completing = AsRecorded(recorded)
        tried = await self._try(recorded, inquiry, served, Run(), completing=completing)
        if completing.anew is not None:
            return unanswered(recorded, tried.decision, tried.citations, completing.anew)
        return Compared(
            recorded=recorded,
            text=tried.text,
            citations=tried.citations,
            decision=tried.decision,
            suggestions=suggested(tried.suggestions),
            cost=recorded.cost,
            latency_ms=recorded.latency_ms,
        )

    async def _asked_once(self, recorded: RecordedAnswer, ledger: Ledger) -> Compared | None:
        """Not again where an earlier run has done so."""
        if recorded.interaction in ledger.lost:
            self._leave_out(LOST)
            return None
        if (
            metered := await ledger.answered(recorded.interaction)
        ) is not None and metered.answer is not None:
            return compared_with(recorded, metered.answer, metered.cost)
        return await self._asked(recorded, ledger)

    async def _asked(self, recorded: RecordedAnswer, ledger: Ledger) -> Compared | None:
        run, begun = Run(), False

        inquiry, served = await self._anew(recorded)

        async def begin(lost: Sequence[Attempt]) -> None:
            nonlocal begun
            begun = True  # from here on it may be on record
            await ledger.begin(inquiry.interaction, recorded.interaction, lost)

        try:
            tried = await self._try(recorded, inquiry, served, run, begin=begin)
        except BaseException:
            if run.unrecorded or (begun and not run.settled):
                await run_to_end(ledger.record(inquiry.interaction, recorded.interaction, run, None))
            raise
        made = None
        if tried.refusal is None and tried.text is not None:
            made = Made(
                customer=recorded.subject,
                kind=tried.decision.kind,
                category=tried.decision.category,
                citations=tried.citations,
                latency_ms=tried.latency_ms,
                text=tried.text,
            )
        await run_to_end(ledger.record(inquiry.interaction, recorded.interaction, run, made))
        if tried.refusal is not None:
            self.stopped = tried.refusal.detail
            return None
        if made is None:
            self._leave_out("no model answered")
            return None
        return compared_with(recorded, made, tried.cost)

    async def _anew(self, recorded: RecordedAnswer) -> tuple[Inquiry, Served]:
        """What is asked now, and by which agent."""
        served = recorded.served
        if self.command.source == "current":
            served = await served_to(self.context.tenant, None, recorded.inquiry.asks, self.ports)
        if self._variant != Variant():
            served = varied(served, self._variant, CHOSEN)
        return inquiry_again(recorded, self._variant, self.ports.ids()), served

    @property
    def _variant(self) -> Variant:
        return self.command.source if isinstance(self.command.source, Variant) else Variant()

    async def _try(
        self,
        recorded: RecordedAnswer,
        inquiry: Inquiry,
        served: Served,
        run: Run,
        *,
        completing: AsRecorded | None = None,
        begin: Announce | None = None,
    ) -> Tried:
        ports = self.ports if searches_anew(self._variant) else with_passages(recorded, self.ports)
        return await try_answer(
            inquiry,
            Variant(),
            run,
            self.context,
            ports,
            base=served,
            begin=begin,
            completing=completing,
            recall=partial(recalled, recorded=recorded, tenant=self.context.tenant, store=self.ports.store),
        )

    def _leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1
