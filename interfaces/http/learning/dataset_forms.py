"""Datasets and their cases as they come in and are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from application.learning.dataset import (
    warning_of,
)
from domain.base.table_rows import RefusedRow
from domain.feedback.judgement import BEST
from domain.learning.case import Case, CaseSource
from domain.learning.dataset import LONGEST_NAME, Dataset
from domain.learning.importing import CaseIn
from domain.models.completion import Turn
from projections.datasets import DatasetRow

MOST_WRITTEN = 1_000


MOST_INTERACTIONS = 200


Version = Annotated[int | None, QueryParameter(ge=1, description="The latest, unless told.")]


class DatasetIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    description: Annotated[str, Meta(max_length=2_000)] = ""


class CasesIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    cases: Annotated[tuple[CaseIn, ...], Meta(min_length=1, max_length=MOST_WRITTEN)]


class RemovedIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ids of cases."""

    cases: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MOST_WRITTEN)]


class CorrectionsIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Approved ones with a quality above this."""

    above: Annotated[float, Meta(ge=0, lt=BEST)] = 0.0


class InteractionsIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    interactions: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MOST_INTERACTIONS)]


class DatasetOut(msgspec.Struct, frozen=True, kw_only=True):
    """`frozen`: the version was used, and stays as it is; a change makes the next. `warning`: what the number of cases says, if anything."""

    id: UUID
    name: str
    description: str
    version: int
    frozen: bool
    cases: int
    warning: str | None
    created_at: datetime
    changed_at: datetime


class AddedOut(msgspec.Struct, frozen=True, kw_only=True):
    """`duplicates` were in it already. `refused`: rows that were not taken, and why, the first 1,000 of `refused_count`; of a spreadsheet the first
    row is 1. `left_out`: corrections, by the reason."""

    version: int
    cases: int
    added: int
    duplicates: int
    refused: tuple[RefusedRow, ...]
    refused_count: int
    left_out: dict[str, int] = {}
    warning: str | None


class CaseOut(msgspec.Struct, frozen=True, kw_only=True):
    """`origin`: the correction or interaction that it was made of."""

    id: UUID
    message: str
    context: tuple[Turn, ...]
    expected_answer: str
    intent: str | None
    category: str | None
    quality: float | None
    source: CaseSource
    origin: UUID | None


class CasesOut(msgspec.Struct, frozen=True, kw_only=True):
    """`erased`: cases that are left out of this page because their customers were erased."""

    items: list[CaseOut]
    next_cursor: str | None
    version: int
    frozen: bool
    erased: int


class FrozenOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    version: int


def listed(row: DatasetRow, names: Mapping[int, tuple[str, str]]) -> DatasetOut:
    name, description = names.get(row.created, ("", ""))
    return DatasetOut(
        id=row.dataset,
        name=name,
        description=description,
        version=row.version,
        frozen=row.frozen,
        cases=row.cases,
        warning=warning_of(row.cases),
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def shown(dataset: Dataset) -> DatasetOut:
    state = dataset.state
    return DatasetOut(
        id=dataset.id,
        name=state.name,
        description=state.description,
        version=state.version,
        frozen=state.frozen,
        cases=len(state.cases),
        warning=warning_of(len(state.cases)),
        created_at=dataset.created_on,
        changed_at=dataset.modified_on,
    )


def shown_case(case: Case) -> CaseOut:
    assert case.exchange is not None
    return CaseOut(
        id=case.id,
        message=case.exchange.message,
        context=case.exchange.context,
        expected_answer=case.exchange.answer,
        intent=case.intent,
        category=case.category,
        quality=case.quality,
        source=case.source,
        origin=case.origin,
    )
