"""Which deployments are there, and how did their candidates do in the shadow? What each is, and has come to, is read from the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Float,
    Index,
    Numeric,
    Table,
    Uuid,
    case,
    func,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.experiments.deployment import Deployment
from domain.experiments.shadow import Shadow
from projections.base import Sql, metadata, replacing, struct_of, tenant_column

deployments = Table(
    "deployments",
    metadata,
    tenant_column(),
    Column("deployment", Uuid, primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
Index("deployments_created", deployments.c.tenant, deployments.c.created_at, deployments.c.deployment)

shadows = Table(
    "deployments_shadows",
    metadata,
    tenant_column(),
    Column("deployment", Uuid, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("answered", BigInteger, nullable=False),
    Column("same", Boolean, nullable=False),
    Column("told_cost", Numeric, nullable=False),
    Column("told_latency_ms", Float, nullable=False),
    Column("told_handoff", Boolean, nullable=False),
    Column("tried_cost", Numeric, nullable=False),
    Column("tried_latency_ms", Float, nullable=False),
    Column("tried_handoff", Boolean, nullable=False),
    Column("tried_failed", Boolean, nullable=False),
)
"""`position` is that of the shadow's event, `answered` of the answer that the customer got."""


class DeploymentRow(msgspec.Struct, kw_only=True):
    deployment: UUID
    created_at: datetime


class ShadowSums(msgspec.Struct, frozen=True, kw_only=True):
    """Over `answers` messages that both have answered, but for `failed` that the candidate has not. Costs in USD, latencies are means in ms
    (None: of none); `reached`: the position of the last answer that was shadowed, 0 where none was."""

    answers: int
    same: int
    failed: int
    told_cost: Decimal
    tried_cost: Decimal
    told_latency_ms: float | None
    tried_latency_ms: float | None
    told_handoffs: int
    tried_handoffs: int
    reached: int


class Deployments:
    name: ClassVar[str] = "deployments"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (deployments, shadows)
    events: ClassVar[Sequence[type[Event]]] = (Deployment.Created, Shadow.Compared)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant, created, compared = batch[0].tenant, [], []
        for recorded in batch:
            event = recorded.event
            if isinstance(event, Deployment.Created):
                created.append(
                    {"tenant": tenant, "deployment": recorded.stream, "created_at": recorded.recorded_at}
                )
            elif isinstance(event, Shadow.Compared):
                compared.append(
                    {
                        "tenant": tenant,
                        "deployment": event.deployment,
                        "position": recorded.position,
                        "answered": event.position,
                        "same": event.same,
                        "told_cost": event.told.cost,
                        "told_latency_ms": event.told.latency_ms,
                        "told_handoff": event.told.handoff,
                        "tried_cost": event.tried.cost,
                        "tried_latency_ms": event.tried.latency_ms,
                        "tried_handoff": event.tried.handoff,
                        "tried_failed": event.tried.failed,
                    }
                )
        await sql.put(_REPLACE, created)
        await sql.put(_REPLACE_SHADOWS, compared)


_REPLACE, _REPLACE_SHADOWS = replacing(deployments), replacing(shadows)


async def list_deployments(
    sql: Sql, tenant: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[DeploymentRow]:
    """The newest first."""
    place = tuple_(deployments.c.created_at, deployments.c.deployment)
    query = select(deployments).where(deployments.c.tenant == tenant)
    if before is not None:
        query = query.where(place < before)
    query = query.order_by(deployments.c.created_at.desc(), deployments.c.deployment.desc()).limit(limit)
    return [struct_of(DeploymentRow, row) for row in await sql.all(query)]


async def shadow_sums(sql: Sql, tenant: UUID, deployment: UUID) -> ShadowSums:
    """How its candidate did beside what customers were told."""

    def count(column: Column[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((column, 1), else_=0)), 0)

    c = shadows.c
    query = select(
        func.count().label("answers"),
        count(c.same).label("same"),
        count(c.tried_failed).label("failed"),
        func.coalesce(func.sum(c.told_cost), 0).label("told_cost"),
        func.coalesce(func.sum(c.tried_cost), 0).label("tried_cost"),
        func.avg(c.told_latency_ms).label("told_latency_ms"),
        func.avg(c.tried_latency_ms).label("tried_latency_ms"),
        count(c.told_handoff).label("told_handoffs"),
        count(c.tried_handoff).label("tried_handoffs"),
        func.coalesce(func.max(c.answered), 0).label("reached"),
    ).where(c.tenant == tenant, c.deployment == deployment)
    (row,) = await sql.all(query)
    return ShadowSums(**row)


async def list_shadows(
    sql: Sql, tenant: UUID, deployment: UUID, *, before: int | None, limit: int
) -> list[int]:
    """Positions of its shadows' events, the newest first."""
    query = select(shadows.c.position).where(shadows.c.tenant == tenant, shadows.c.deployment == deployment)
    if before is not None:
        query = query.where(shadows.c.position < before)
    rows = await sql.all(query.order_by(shadows.c.position.desc()).limit(limit))
    return [row["position"] for row in rows]
