"""The results of an evaluation as its stream has them, and the report that is made of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import msgspec

from application.learning.answer_ports import Ports
from application.ports import Store
from domain.base.context import Context
from domain.learning.evaluation import Evaluation, EvaluationState
from domain.learning.report import Report, Spent, report_of
from domain.learning.result import Arm, Result
from domain.models.pricing import total


@dataclass
class Results:
    """By arm and case; what it has cost, by what for."""

    by_arm: dict[Arm, dict[UUID, Result]] = field(default_factory=lambda: {"candidate": {}, "baseline": {}})
    spent: dict[str, Decimal] = field(default_factory=dict)

    def add(self, event: object) -> None:
        if isinstance(event, Evaluation.TrialEnded):
            self.by_arm[event.arm][event.case] = event.result
            self._spend(event.arm, total((*event.attempts, *event.embeddings)))
            self._spend("judge", total(event.marking))
        elif isinstance(event, Evaluation.TrialFailed):
            self._spend("lost", event.cost)
        elif isinstance(event, Evaluation.TrialInterrupted):
            self._spend("interrupted", event.cost)

    def _spend(self, what: str, cost: Decimal) -> None:
        self.spent[what] = self.spent.get(what, Decimal(0)) + cost


async def results_of(evaluation: UUID, tenant: UUID, *, store: Store) -> Results:
    found = Results()
    async for recorded in store.stream(tenant, evaluation):
        found.add(recorded.event)
    return found


async def finish_evaluation(evaluation: Evaluation, *, erased: int, context: Context, ports: Ports) -> None:
    """Make the report and save it: once, and the same one of the same results."""
    state, store = evaluation.state, ports.store
    found = await results_of(evaluation.id, context.tenant, store=store)
    baseline, earlier = (
        found.by_arm["baseline"],
        None if state.baseline is None else state.baseline.evaluation,
    )
    if earlier is not None:
        baseline = (await results_of(earlier, context.tenant, store=store)).by_arm["candidate"]

    def made() -> Report:
        return report_of(
            found.by_arm["candidate"],
            baseline,
            state.minimum,
            compares=state.baseline is not None,
            erased=erased,
            spent=Spent(**found.spent),
            interrupted=state.interrupted,
            seed=seed_of(state),
            warnings=_warnings(state),
        )

    evaluation.finish(await asyncio.to_thread(made), ports.clock())
    await store.save(evaluation, context=context)


def seed_of(state: EvaluationState) -> int:
    """Follows from what is compared, so that the same comparison draws the same resamples."""
    baseline = state.baseline
    other = (
        "" if baseline is None else str(baseline.evaluation or (baseline.variant and baseline.variant.digest))
    )
    text = "\0".join((state.variant.digest, other, str(state.dataset), str(state.dataset_version)))
    return int.from_bytes(sha256(text.encode()).digest()[:8])


def _warnings(state: EvaluationState) -> list[str]:
    if len(state.configurations) < 2:
        return []
    versions = " and ".join(map(str, sorted(state.configurations)))
    return [
        f"the agent's configuration was changed meanwhile: answers were made by versions {versions} of it"
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`text` None: it failed, or its customer was erased."""

    arm: Arm
    case: UUID
    result: Result
    version: int
    """Of the stream, after which the next one comes."""

    text: str | None = None
    because: str | None = None


async def answers_of(
    evaluation: UUID, tenant: UUID, *, after: int, limit: int, store: Store
) -> AsyncIterator[Answer]:
    """Answer by answer, in the order in which they came; `after`: the version of the last one that was seen."""
    ended: Answer | None = None
    count = 0
    async for recorded in store.stream(tenant, evaluation, after=after):
        event = recorded.event
        if isinstance(event, Evaluation.Answered) and ended is not None and ended.case == event.case:
            ended = msgspec.structs.replace(
                ended, text=event.text, because=event.because, version=recorded.version
            )
            continue
        if ended is not None:
            yield ended
            count += 1
            ended = None
            if count == limit:
                return
        if isinstance(event, Evaluation.TrialEnded):
            ended = Answer(arm=event.arm, case=event.case, result=event.result, version=recorded.version)
    if ended is not None:
        yield ended
