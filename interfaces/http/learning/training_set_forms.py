"""Training sets as they come in and are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.feedback.judgement import BEST
from domain.learning.training.curation import GOOD
from domain.learning.training.example import Part
from domain.learning.training.formats import Format
from domain.learning.training_set import LONGEST_NAME, LONGEST_SYSTEM, Statistics, Status, TrainingSet
from projections.datasets import TrainingSetRow


class TrainingSetIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`system`: the text that each example begins with. `minimum_quality`: examples are better than it."""

    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    system: Annotated[str, Meta(max_length=LONGEST_SYSTEM)] = ""
    minimum_quality: Annotated[float, Meta(ge=GOOD, lt=BEST)] = GOOD


class TrainingSetOut(msgspec.Struct, frozen=True, kw_only=True):
    """`statistics` of when it was made. `reason`: why it could not be made. `use`: models that are tuned with it are this tenant's alone."""

    id: UUID
    name: str
    system: str
    minimum_quality: float
    status: Status
    reason: str | None
    use: Literal["tenant_only"] = "tenant_only"
    statistics: Statistics


class TrainingSetItem(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    status: Status
    train: int
    validation: int
    requested_at: datetime
    completed_at: datetime | None


class ExportOut(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it would be now. `bytes`: its size. `gone`: examples that were in the training set and are no more, by the reason. `problems`: why
    the vendor would refuse it; it is exported only without any."""

    format: Format
    part: Part
    examples: int
    bytes: int
    gone: dict[str, int]
    problems: tuple[str, ...]


def listed(row: TrainingSetRow, names: Mapping[int, str]) -> TrainingSetItem:
    return TrainingSetItem(
        id=row.training_set,
        name=names.get(row.requested, ""),
        status=row.status,
        train=row.train,
        validation=row.validation,
        requested_at=row.requested_at,
        completed_at=row.completed_at,
    )


def shown(found: TrainingSet) -> TrainingSetOut:
    state = found.state
    return TrainingSetOut(
        id=found.id,
        name=state.name,
        system=state.system,
        minimum_quality=state.minimum_quality,
        status=state.status,
        reason=state.reason,
        statistics=state.statistics,
    )
