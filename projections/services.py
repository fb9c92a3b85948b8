"""Which services are there? What they are called, cost, and when they can be had, is read from the log, where it is sealed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from domain.shop.service import Service
from projections.base import Row, Sql, metadata, replacing, row_of, struct_of, tenant_column

services = Table(
    "services",
    metadata,
    tenant_column(),
    Column("service", Uuid, primary_key=True),
    Column("facts", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
Index("services_created", services.c.tenant, services.c.created_at, services.c.service)

_REPLACE = replacing(services)


class ServiceRow(msgspec.Struct, kw_only=True):
    """`facts`: position of the event that tells its latest facts."""

    service: UUID
    facts: int
    active: bool
    created_at: datetime


class Services:
    name: ClassVar[str] = "services"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (services,)
    events: ClassVar[Sequence[type[Event]]] = (Service.Created, Service.Changed, Service.Deleted)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        streams = list({recorded.stream for recorded in batch})
        these = (services.c.tenant == tenant, services.c.service == any_(literal(streams, ARRAY(Uuid))))
        found = await sql.all(select(services).where(*these))
        rows = {row["service"]: struct_of(ServiceRow, row) for row in found}
        for recorded in batch:
            event, id = recorded.event, recorded.stream
            if isinstance(event, Service.Created):
                rows[id] = ServiceRow(
                    service=id,
                    facts=recorded.position,
                    active=event.facts.active,
                    created_at=recorded.recorded_at,
                )
            elif isinstance(event, Service.Changed):
                rows[id].facts, rows[id].active = recorded.position, event.facts.active
            elif isinstance(event, Service.Deleted):
                del rows[id]
        if any(isinstance(recorded.event, Service.Deleted) for recorded in batch):
            await sql.run(delete(services).where(*these))
        await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


async def list_services(
    sql: Sql,
    tenant: UUID,
    *,
    among: Collection[UUID] | None = None,
    active: bool | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ServiceRow]:
    """The newest first; `among`: only these; `before` is the (created_at, service) of the last one seen."""
    query = select(services).where(services.c.tenant == tenant)
    if among is not None:
        query = query.where(services.c.service == any_(literal(list(among), ARRAY(Uuid))))
    if active is not None:
        query = query.where(services.c.active.is_(active))
    if before is not None:
        query = query.where(tuple_(services.c.created_at, services.c.service) < before)
    query = query.order_by(services.c.created_at.desc(), services.c.service.desc()).limit(limit)
    return [struct_of(ServiceRow, row) for row in await sql.all(query)]


async def all_services(sql: Sql, tenant: UUID) -> list[Row]:
    """`service`, `facts` and `created_at` of each."""
    columns = (services.c.service, services.c.facts, services.c.created_at)
    return await sql.all(select(*columns).where(services.c.tenant == tenant))
