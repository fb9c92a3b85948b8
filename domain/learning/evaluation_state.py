"""The state of an evaluation: what is compared, how fast, how far it has come."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.answers.variant import Variant
from domain.base.aggregate import EPOCH, NIL
from domain.learning.recommending import Minimum
from domain.learning.report import Report
from domain.learning.result import Arm
from domain.models.completion import Attempt

TRIES = 3
"""How often a case is tried that no model answers; then it counts as failed."""

Status = Literal["waiting", "running", "paused", "finished", "stopped"]


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`per_minute`: answers that are begun in a minute, over all processes; `at_once`: under way together."""

    per_minute: Annotated[int, Meta(ge=1, le=100_000)] = 120
    at_once: Annotated[int, Meta(ge=1, le=32)] = 4


class Baseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the candidate is compared with: another variant (an empty one is the agent in force), which the same cases are asked, or the
    candidate of an earlier `evaluation` of the same cases, whose results are taken as they are."""

    variant: Variant | None = None
    evaluation: UUID | None = None


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """A trial that is under way, or whose process ended. `lost`: what it is charged if nothing is heard of it any more."""

    case: UUID
    arm: Arm
    lost: tuple[Attempt, ...]


class EvaluationState(msgspec.Struct):
    name: str = ""
    variant: Variant = Variant()
    dataset: UUID = NIL
    dataset_version: int = 0
    baseline: Baseline | None = None
    judge: str | None = None
    minimum: Minimum = Minimum()
    pace: Pace = Pace()
    most: Decimal | None = None
    cases: int = 0
    erased: int = 0
    requested_at: datetime = EPOCH
    open: dict[UUID, Open] = {}
    """By the trial's id."""

    done: set[str] = set()
    """Arm and case, as `place` has them."""

    failures: dict[str, int] = {}
    configurations: tuple[int, ...] = ()
    """Versions of the agent's configuration that answers were made by."""

    spent: Decimal = Decimal(0)
    interrupted: int = 0
    status: Status = "waiting"
    reason: str | None = None
    """Why it pauses, or was stopped."""

    report: Report | None = None
    ended_at: datetime | None = None
