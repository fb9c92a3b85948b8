"""An evaluation, its progress and its answers, as they are shown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from application.learning.results import Answer
from domain.answers.variant import Variant
from domain.learning.evaluation import Baseline, Evaluation, Pace
from domain.learning.evaluation_state import Status
from domain.learning.recommending import Minimum
from domain.learning.report import Report
from domain.learning.result import Arm, Result


class ProgressOut(msgspec.Struct, frozen=True, kw_only=True):
    """Answers: `done` of `total`, `running` at the moment, `interrupted` by the end of their process and asked again."""

    done: int
    total: int
    running: int
    interrupted: int


class EvaluationOut(msgspec.Struct, frozen=True, kw_only=True):
    """`digest` names the variant, whatever order its fields came in. `reason`: why it pauses, or was stopped. `spent`: USD until now. `passed` is
    null until there is a `report`."""

    id: UUID
    name: str
    status: Status
    reason: str | None
    dataset: UUID
    dataset_version: int
    variant: Variant
    digest: str
    baseline: Baseline | None
    judge: str | None
    minimum: Minimum
    pace: Pace
    most: Decimal | None
    progress: ProgressOut
    spent: Decimal
    requested_at: datetime
    ended_at: datetime | None
    passed: bool | None
    report: Report | None


class EvaluatedAnswerOut(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the `candidate` or the `baseline`, and what it came to. `text` is null where no model gave one, or its customer was erased.
    `because`: the judge's reason."""

    case: UUID
    arm: Arm
    text: str | None
    because: str | None
    result: Result


def shown_evaluation(found: Evaluation) -> EvaluationOut:
    state = found.state
    return EvaluationOut(
        id=found.id,
        name=state.name,
        status=state.status,
        reason=state.reason,
        dataset=state.dataset,
        dataset_version=state.dataset_version,
        variant=state.variant,
        digest=state.variant.digest,
        baseline=state.baseline,
        judge=state.judge,
        minimum=state.minimum,
        pace=state.pace,
        most=state.most,
        progress=ProgressOut(
            done=len(state.done), total=found.trials, running=len(state.open), interrupted=state.interrupted
        ),
        spent=state.spent,
        requested_at=state.requested_at,
        ended_at=state.ended_at,
        passed=None if state.report is None else state.report.passed,
        report=state.report,
    )


def shown_answer(row: Answer) -> EvaluatedAnswerOut:
    return EvaluatedAnswerOut(
        case=row.case, arm=row.arm, text=row.text, because=row.because, result=row.result
    )
