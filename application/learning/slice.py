"""A slice of an evaluation: its next cases are asked, some at once, within its pace and the budget."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.answers.inquiry import Inquiry
from application.base.tasks import cancel_and_wait, run_to_end
from application.gateway.run import Run
from application.learning.ledger import Ledger, Trial
from application.learning.measure import Measured, measure
from application.learning.trial import try_answer
from domain.answers.plan import Situation
from domain.base.errors import Refused
from domain.budgets.budget import BudgetHeld, BudgetRefusal
from domain.learning.case import Case
from domain.learning.evaluation import place
from domain.learning.evaluation_state import TRIES
from domain.learning.result import Arm, Result
from domain.models.completion import Attempt

LONG = 10.0
"""Seconds in which trials are begun before others have their turn."""

PATIENCE = 30.0
"""Seconds for which a trial waits for room in the budget."""

LOOK = timedelta(minutes=5)
"""After which it is looked whether the budget has room again, at most: it may be raised."""


@dataclass
class Slice:
    """Trials of one evaluation by one process, as many as can be begun in a while. `left`: those that are to come. `pause`: why it is not worth
    while to go on, and until when. `failed`: whether no model has answered one."""

    ledger: Ledger
    left: deque[tuple[Case, Arm]]
    pause: tuple[str, datetime] | None = None
    failed: bool = False

    async def run(self) -> None:
        self._until = time.monotonic() + LONG
        tasks = [asyncio.create_task(self._take()) for _ in range(self.ledger.evaluation.state.pace.at_once)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            await cancel_and_wait(*tasks)

    async def _take(self) -> None:
        while self.left and self.pause is None and not self.ledger.evaluation.over:
            spent, most = self.ledger.evaluation.state.spent, self.ledger.evaluation.state.most
            if most is not None and spent >= most:
                await self.ledger.stop(f"it has cost {spent} USD; it may cost {most}")
                return
            if not await self._has_turn():
                return
            if self.left:
                case, arm = self.left.popleft()
                await self._try(case, arm)

    async def _has_turn(self) -> bool:
        """Within the pace, and the slice."""
        remaining, pace = self._until - time.monotonic(), self.ledger.evaluation.state.pace
        if remaining <= 0:
            return False
        wait = await self.ledger.ports.buckets.take(
            f"evaluation:{self.ledger.evaluation.id}",
            rate=pace.per_minute / 60,
            burst=pace.at_once,
            patience=remaining,
        )
        if wait > remaining:
            self._until = 0.0
            return False
        await asyncio.sleep(wait)
        return True

    async def _try(self, case: Case, arm: Arm) -> None:
        assert case.exchange is not None
        id, run, marking = self.ledger.ports.ids(), Run(patience=PATIENCE), list[Attempt]()
        trial = Trial(id, case, arm, run, marking)
        inquiry = Inquiry(
            interaction=id,
            subject=case.id,
            questions=(case.exchange.message,),
            history=case.exchange.context,
            turns=len(case.exchange.context),
            situation=Situation(),
        )

        async def begin(lost: Sequence[Attempt]) -> None:
            await self.ledger.change(
                lambda it: it.begin_trial(id, case.id, arm, lost, self.ledger.ports.clock())
            )
            trial.begun = True

        try:
            variant, judge = self.ledger.evaluation.variant_of(arm), self.ledger.evaluation.state.judge
            tried = await try_answer(
                inquiry, variant, run, self.ledger.context, self.ledger.ports, begin=begin
            )
            trial.version = tried.prepared.configuration_version
            if tried.refusal is not None:
                self._wait_for_budget(tried.refusal)
                measured = None
            elif tried.text is not None:
                measured = await measure(
                    tried, case, judge, run, marking, begin, self.ledger.context, self.ledger.ports
                )
            elif self.ledger.evaluation.state.failures.get(place(arm, case.id), 0) + 1 >= TRIES:
                measured = Measured(result=Result(failed=True, cost=tried.cost))
            else:
                measured, self.failed = None, True
            text = tried.text
        except BaseException as error:
            if trial.begun or run.unrecorded:
                await run_to_end(self.ledger.record(trial, None, None, counts=False))
            if isinstance(error, Refused) and self.ledger.evaluation.over:
                return  # somebody has stopped it
            raise
        counts = tried.refusal is None
        await run_to_end(self.ledger.record(trial, measured, text, counts=counts))

    def _wait_for_budget(self, refusal: BudgetRefusal) -> None:
        now = self.ledger.ports.clock()
        until = (
            now + timedelta(seconds=refusal.retry_after) if isinstance(refusal, BudgetHeld) else refusal.until
        )
        self.pause = (f"the budget has no room: {refusal.period}", min(until, now + LOOK))
