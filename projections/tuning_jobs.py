"""Which fine-tuning jobs are there, and how do they stand?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    Index,
    Numeric,
    String,
    Table,
    Uuid,
    any_,
    literal,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.learning.tuning_job import Status
from domain.learning.tuning_job import TuningJob as T
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

jobs = Table(
    "tuning_jobs",
    metadata,
    tenant_column(),
    Column("job", Uuid, primary_key=True),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("provider", String, nullable=False),
    Column("base_model", String, nullable=False),
    Column("training_set", Uuid, nullable=False),
    Column("status", String, nullable=False),
    Column("estimate", Numeric, nullable=False),
    Column("cost", Numeric),
    Column("model", String),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
Index("tuning_jobs_order", jobs.c.tenant, jobs.c.requested_at, jobs.c.job)

_PUT = replacing(jobs)


class TuningJobRow(msgspec.Struct, kw_only=True):
    """`model`: provider/name of what it made, once that is in the catalogue. `estimate` and `cost` in USD; `cost` None: it has not ended."""

    job: UUID
    requested_at: datetime
    provider: str
    base_model: str
    training_set: UUID
    status: Status
    estimate: Decimal
    cost: Decimal | None = None
    model: str | None = None
    changed_at: datetime


class TuningJobs:
    name: ClassVar[str] = "tuning_jobs"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (jobs,)
    events: ClassVar[Sequence[type[Event]]] = (
        T.Requested,
        T.Attempted,
        T.NotTaken,
        T.Submitted,
        T.Told,
        T.Ended,
        T.Charged,
        T.Registered,
        T.EvaluationBegun,
        T.Evaluated,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant, streams = batch[0].tenant, sorted({recorded.stream for recorded in batch})
        query = select(jobs).where(jobs.c.tenant == tenant, jobs.c.job == any_(literal(streams, ARRAY(Uuid))))
        rows = {row["job"]: struct_of(TuningJobRow, row) for row in await sql.all(query)}
        for recorded in batch:
            _fold(recorded, rows)
        await sql.put(_PUT, [row_of(tenant, rows[stream]) for stream in streams])


def _fold(recorded: Recorded, rows: dict[UUID, TuningJobRow]) -> None:
    event, at = recorded.event, recorded.recorded_at
    if isinstance(event, T.Requested):
        rows[recorded.stream] = TuningJobRow(
            job=recorded.stream,
            requested_at=at,
            provider=event.plan.provider,
            base_model=event.plan.model,
            training_set=event.plan.training_set,
            status="requested",
            estimate=event.estimate,
            changed_at=at,
        )
        return
    row = rows[recorded.stream]
    row.changed_at = at
    match event:
        case T.Attempted():
            row.status = "submitting"
        case T.NotTaken():
            row.status = "requested"
        case T.Submitted():
            row.status = "submitted"
        case T.Told(state="running"):
            row.status = "running"
        case T.Told(state="unknown"):
            row.status = "unknown"
        case T.Told():
            row.status = "submitted"
        case T.Ended():
            row.status = event.outcome
        case T.Charged():
            row.cost = event.cost
        case T.Registered():
            row.model = event.model
        case T.EvaluationBegun():
            row.status = "evaluating"
        case T.Evaluated():
            row.status = _evaluated(event.passed)


def _evaluated(passed: bool | None) -> Status:
    if passed is None:
        return "succeeded"
    return "ready" if passed else "rejected"


async def list_tuning_jobs(
    sql: Sql, tenant: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[TuningJobRow]:
    """The newest first, at most `limit` + 1."""
    query = select(jobs).where(jobs.c.tenant == tenant)
    if before is not None:
        query = query.where(tuple_(jobs.c.requested_at, jobs.c.job) < tuple_(*_literals(before)))
    order = (jobs.c.requested_at.desc(), jobs.c.job.desc())
    rows = await sql.all(query.order_by(*order).limit(limit + 1))
    return [struct_of(TuningJobRow, row) for row in rows]


async def tuned_models(sql: Sql, tenant: UUID) -> list[TuningJobRow]:
    """The jobs that made a model, in the order in which they were asked for."""
    query = select(jobs).where(jobs.c.tenant == tenant, jobs.c.model.is_not(None))
    rows = await sql.all(query.order_by(jobs.c.requested_at, jobs.c.job))
    return [struct_of(TuningJobRow, row) for row in rows]


def _literals(place: tuple[datetime, UUID]) -> tuple[Any, Any]:
    return literal(place[0], DateTime(timezone=True)), literal(place[1], Uuid)
