"""The ledger of an evaluation's trials: each is on record before a model is asked, its result and its cost in one save after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from application.budgets.charges import tallies_of
from application.budgets.hold import refresh
from application.budgets.settled_save import settled_save
from application.gateway.run import Run
from application.learning.answer_ports import Ports
from application.learning.measure import Measured
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.budgets.spending import charged_for
from domain.learning.case import Case
from domain.learning.evaluation import Evaluation
from domain.learning.result import Arm
from domain.models.completion import Attempt

RACES = 5


@dataclass
class Trial:
    """`version`: of the configuration that it is made by; `marking`: calls of the judge."""

    id: UUID
    case: Case
    arm: Arm
    run: Run
    marking: list[Attempt]
    version: int = 0
    begun: bool = False


@dataclass
class Ledger:
    """`evaluation` is as it is on record; whoever changes it has the `lock`."""

    evaluation: Evaluation
    context: Context
    ports: Ports
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def record(
        self, trial: Trial, measured: Measured | None, text: str | None, *, counts: bool
    ) -> None:
        """The result and what it has cost, in one save with the end of what was held for it; where another process has taken over
        meanwhile, or it was stopped, the cost alone."""
        run, case, arm, ports = trial.run, trial.case, trial.arm, self.ports
        async with self.lock:
            for race in range(RACES):
                it, at = self.evaluation, ports.clock()
                if measured is not None and trial.id in it.state.open and not it.over:
                    it.end_trial(
                        trial.id,
                        case.id,
                        arm,
                        measured.result,
                        configuration_version=trial.version,
                        attempts=run.attempts,
                        embeddings=run.embeddings,
                        marking=trial.marking,
                        reservations=run.reserved,
                        at=at,
                    )
                    if text is not None:
                        it.tell(case.id, arm, text, measured.because, case.conversation, at)
                else:
                    it.fail_trial(
                        trial.id,
                        case.id,
                        arm,
                        counts=counts,
                        attempts=[*run.attempts, *trial.marking],
                        embeddings=run.embeddings,
                        reservations=run.reserved,
                        at=at,
                    )
                try:
                    every = [*run.calls, *trial.marking]
                    await settled_save(it, every, run, trial.id, self.context, ports)
                    return
                except Conflict:
                    if race == RACES - 1:
                        raise
                    await self._reload()
                    await refresh(run, self.context.tenant, ports.store)

    async def change(self, decide: Callable[[Evaluation], object]) -> None:
        """Raises what `decide` refuses."""
        async with self.lock:
            for race in range(RACES):
                try:
                    decide(self.evaluation)
                    if self.evaluation.pending_events:
                        await save(self.evaluation, self.context, self.ports)
                    return
                except Conflict:
                    if race == RACES - 1:
                        raise
                    await self._reload()

    async def stop(self, reason: str) -> None:
        """For good, unless it is over."""

        def decide(evaluation: Evaluation) -> None:
            if not evaluation.over:
                evaluation.stop(reason, self.ports.clock())

        await self.change(decide)

    async def _reload(self) -> None:
        self.evaluation = await self.ports.store.load(
            Evaluation, self.evaluation.id, tenant=self.context.tenant
        )


async def save(evaluation: Evaluation, context: Context, ports: Ports) -> None:
    """What is interrupted charges the budget, too."""
    lost = [
        attempt
        for event in evaluation.pending_events
        if isinstance(event, Evaluation.TrialInterrupted)
        for attempt in event.attempts
    ]
    await ports.store.save(evaluation, context=context, tallies=tallies_of(charged_for(lost)))
