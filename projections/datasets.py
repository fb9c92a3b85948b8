"""Which datasets are there, and which training sets? Their names are read from the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    any_,
    delete,
    literal,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.learning.dataset import Dataset
from domain.learning.training_set import TrainingSet
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

datasets = Table(
    "datasets",
    metadata,
    tenant_column(),
    Column("dataset", Uuid, primary_key=True),
    Column("created", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("frozen", Boolean, nullable=False),
    Column("cases", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
Index("datasets_created", datasets.c.tenant, datasets.c.created_at, datasets.c.dataset)

training_sets = Table(
    "training_sets",
    metadata,
    tenant_column(),
    Column("training_set", Uuid, primary_key=True),
    Column("requested", BigInteger, nullable=False),
    Column("status", String, nullable=False),
    Column("train", Integer, nullable=False),
    Column("validation", Integer, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("completed_at", DateTime(timezone=True)),
)
Index(
    "training_sets_requested",
    training_sets.c.tenant,
    training_sets.c.requested_at,
    training_sets.c.training_set,
)

_REPLACE_DATASETS, _REPLACE_TRAINING_SETS = replacing(datasets), replacing(training_sets)


class DatasetRow(msgspec.Struct, kw_only=True):
    """`created`: position of the event with its name; `added`: of the last one that added cases, 0 for none."""

    dataset: UUID
    created: int
    added: int = 0
    version: int = 1
    frozen: bool = False
    cases: int = 0
    created_at: datetime
    changed_at: datetime


class TrainingSetRow(msgspec.Struct, kw_only=True):
    """`requested`: position of the event with its name."""

    training_set: UUID
    requested: int
    status: Literal["building", "ready", "failed"] = "building"
    train: int = 0
    validation: int = 0
    requested_at: datetime
    completed_at: datetime | None = None


class Datasets:
    name: ClassVar[str] = "datasets"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (datasets, training_sets)
    events: ClassVar[Sequence[type[Event]]] = (
        Dataset.Created,
        Dataset.CasesAdded,
        Dataset.CasesRemoved,
        Dataset.Frozen,
        Dataset.Deleted,
        TrainingSet.Requested,
        TrainingSet.Completed,
        TrainingSet.Failed,
        TrainingSet.Deleted,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        streams = literal(list({recorded.stream for recorded in batch}), ARRAY(Uuid))
        query = select(datasets).where(datasets.c.tenant == tenant, datasets.c.dataset == any_(streams))
        sets = {row["dataset"]: struct_of(DatasetRow, row) for row in await sql.all(query)}
        query = select(training_sets).where(
            training_sets.c.tenant == tenant, training_sets.c.training_set == any_(streams)
        )
        training = {row["training_set"]: struct_of(TrainingSetRow, row) for row in await sql.all(query)}
        for recorded in batch:
            _fold(recorded, sets)
            _fold_training(recorded, training)
        deleted = [
            each.stream for each in batch if isinstance(each.event, Dataset.Deleted | TrainingSet.Deleted)
        ]
        if deleted:
            for column in (datasets.c.dataset, training_sets.c.training_set):
                gone = any_(literal(deleted, ARRAY(Uuid)))
                await sql.run(delete(column.table).where(column.table.c.tenant == tenant, column == gone))
        if sets:
            await sql.put(_REPLACE_DATASETS, [row_of(tenant, row) for row in sets.values()])
        if training:
            await sql.put(_REPLACE_TRAINING_SETS, [row_of(tenant, row) for row in training.values()])


def _fold(recorded: Recorded, rows: dict[UUID, DatasetRow]) -> None:
    event, at = recorded.event, recorded.recorded_at
    if isinstance(event, Dataset.Created):
        rows[recorded.stream] = DatasetRow(
            dataset=recorded.stream, created=recorded.position, created_at=at, changed_at=at
        )
    elif isinstance(event, Dataset.Deleted):
        rows.pop(recorded.stream, None)
    if (row := rows.get(recorded.stream)) is None:
        return
    row.changed_at = at
    if isinstance(event, Dataset.CasesAdded):
        row.cases, row.added = row.cases + len(event.cases), recorded.position
        row.version, row.frozen = event.version, False
    elif isinstance(event, Dataset.CasesRemoved):
        row.cases -= len(event.cases)
        row.version, row.frozen = event.version, False
    elif isinstance(event, Dataset.Frozen):
        row.frozen = True


def _fold_training(recorded: Recorded, rows: dict[UUID, TrainingSetRow]) -> None:
    event, at = recorded.event, recorded.recorded_at
    if isinstance(event, TrainingSet.Requested):
        rows[recorded.stream] = TrainingSetRow(
            training_set=recorded.stream, requested=recorded.position, requested_at=at
        )
    elif isinstance(event, TrainingSet.Deleted):
        rows.pop(recorded.stream, None)
    elif isinstance(event, TrainingSet.Failed) and (row := rows.get(recorded.stream)) is not None:
        row.status = "failed"
    elif isinstance(event, TrainingSet.Completed) and (row := rows.get(recorded.stream)) is not None:
        row.status, row.completed_at = "ready", at
        row.train, row.validation = event.statistics.train, event.statistics.validation


async def list_datasets(
    sql: Sql, tenant: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[DatasetRow]:
    """The newest first; `before` is the (created_at, dataset) of the last one seen."""
    query = select(datasets).where(datasets.c.tenant == tenant)
    if before is not None:
        query = query.where(tuple_(datasets.c.created_at, datasets.c.dataset) < before)
    query = query.order_by(datasets.c.created_at.desc(), datasets.c.dataset.desc()).limit(limit)
    return [struct_of(DatasetRow, row) for row in await sql.all(query)]


async def list_training_sets(
    sql: Sql, tenant: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[TrainingSetRow]:
    """The newest first; `before` is the (requested_at, training_set) of the last one seen."""
    query = select(training_sets).where(training_sets.c.tenant == tenant)
    if before is not None:
        query = query.where(tuple_(training_sets.c.requested_at, training_sets.c.training_set) < before)
    query = query.order_by(training_sets.c.requested_at.desc(), training_sets.c.training_set.desc())
    return [struct_of(TrainingSetRow, row) for row in await sql.all(query.limit(limit))]


async def ready_training_sets(sql: Sql, tenant: UUID) -> list[TrainingSetRow]:
    """That are there still, in the order in which they were asked for."""
    query = select(training_sets).where(training_sets.c.tenant == tenant, training_sets.c.status == "ready")
    query = query.order_by(training_sets.c.requested_at, training_sets.c.training_set)
    return [struct_of(TrainingSetRow, row) for row in await sql.all(query)]


async def all_datasets(sql: Sql, tenant: UUID) -> list[DatasetRow]:
    query = select(datasets).where(datasets.c.tenant == tenant).order_by(datasets.c.dataset)
    return [struct_of(DatasetRow, row) for row in await sql.all(query)]
