"""Evaluations as they come out, without their cases being asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from application.ports import Store
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.learning.evaluation import Evaluation, Pace
from domain.learning.report import Minimum, Spent, report_of
from domain.learning.result import Result
from domain.learning.scoring import score_text


async def evaluated(
    variant: Variant, context: Context, *, store: Store, at: datetime, failed: bool = False
) -> UUID:
    """Of one case, which was answered, and so passes; or was not."""
    evaluation = Evaluation.request(
        uuid4(),
        name="before it goes out",
        variant=variant,
        dataset=uuid4(),
        dataset_version=1,
        baseline=None,
        judge=None,
        minimum=Minimum(),
        pace=Pace(),
        most=None,
        cases=1,
        at=at,
    )
    report = report_of(
        {uuid4(): Result(failed=failed, scores=score_text("We open at nine.", "We open at nine."))},
        {},
        Minimum(),
        compares=False,
        erased=0,
        spent=Spent(),
        interrupted=0,
        seed=1,
    )
    evaluation.finish(report, at)
    await store.save(evaluation, context=context)
    return evaluation.id
