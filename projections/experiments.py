"""Which experiments are there, and how far has each come? What each compares is read from the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Column, DateTime, Index, String, Table, Uuid, any_, literal, select, tuple_

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.experiments.experiment import Experiment, Status
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

experiments = Table(
    "experiments",
    metadata,
    tenant_column(),
    Column("experiment", Uuid, primary_key=True),
    Column("status", String, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
Index("experiments_created", experiments.c.tenant, experiments.c.created_at, experiments.c.experiment)

_REPLACE = replacing(experiments)


class ExperimentRow(msgspec.Struct, kw_only=True):
    experiment: UUID
    status: Status
    created_at: datetime


class Experiments:
    name: ClassVar[str] = "experiments"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (experiments,)
    events: ClassVar[Sequence[type[Event]]] = (
        Experiment.Created,
        Experiment.Started,
        Experiment.Stopped,
        Experiment.Concluded,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant, streams = batch[0].tenant, list({recorded.stream for recorded in batch})
        query = select(experiments).where(
            experiments.c.tenant == tenant, experiments.c.experiment == any_(literal(streams, ARRAY(Uuid)))
        )
        rows = {row["experiment"]: struct_of(ExperimentRow, row) for row in await sql.all(query)}
        for recorded in batch:
            _fold(recorded, rows)
        await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


def _fold(recorded: Recorded, rows: dict[UUID, ExperimentRow]) -> None:
    event, id = recorded.event, recorded.stream
    if isinstance(event, Experiment.Created):
        rows[id] = ExperimentRow(experiment=id, status="draft", created_at=recorded.recorded_at)
    elif isinstance(event, Experiment.Started):
        rows[id].status = "running"
    elif isinstance(event, Experiment.Stopped):
        rows[id].status = "stopped"
    else:
        rows[id].status = "concluded"


async def list_experiments(
    sql: Sql,
    tenant: UUID,
    *,
    status: Status | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ExperimentRow]:
    """The newest first; `before` is the (created_at, experiment) of the last one seen."""
    query = select(experiments).where(experiments.c.tenant == tenant)
    if status is not None:
        query = query.where(experiments.c.status == status)
    if before is not None:
        query = query.where(tuple_(experiments.c.created_at, experiments.c.experiment) < before)
    query = query.order_by(experiments.c.created_at.desc(), experiments.c.experiment.desc()).limit(limit)
    return [struct_of(ExperimentRow, row) for row in await sql.all(query)]
