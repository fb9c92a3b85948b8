"""Which operators are there? Who they are is read from the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Column, DateTime, Index, Table, Uuid, any_, delete, literal, select, tuple_

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.operators.operator import Operator
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

operators = Table(
    "operators",
    metadata,
    tenant_column(),
    Column("operator", Uuid, primary_key=True),
    Column("invited_at", DateTime(timezone=True), nullable=False),
)
Index("operators_invited", operators.c.tenant, operators.c.invited_at, operators.c.operator)

_REPLACE = replacing(operators)


class OperatorRow(msgspec.Struct, kw_only=True):
    operator: UUID
    invited_at: datetime


class Operators:
    name: ClassVar[str] = "operators"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (operators,)
    events: ClassVar[Sequence[type[Event]]] = (Operator.Invited, Operator.Removed)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant, rows, gone = batch[0].tenant, dict[UUID, OperatorRow](), list[UUID]()
        for recorded in batch:
            if isinstance(recorded.event, Operator.Removed):
                rows.pop(recorded.stream, None)
                gone.append(recorded.stream)
            else:
                row = OperatorRow(operator=recorded.stream, invited_at=recorded.recorded_at)
                rows[recorded.stream] = row
        if gone:
            removed = any_(literal(gone, ARRAY(Uuid)))
            await sql.run(
                delete(operators).where(operators.c.tenant == tenant, operators.c.operator == removed)
            )
        if rows:
            await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


async def list_operators(
    sql: Sql, tenant: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[OperatorRow]:
    """Those that were not removed, in the order of their invitations; `after` is the (invited_at, operator) of the last one seen."""
    query = select(operators).where(operators.c.tenant == tenant)
    if after is not None:
        query = query.where(tuple_(operators.c.invited_at, operators.c.operator) > after)
    query = query.order_by(operators.c.invited_at, operators.c.operator).limit(limit)
    return [struct_of(OperatorRow, row) for row in await sql.all(query)]
