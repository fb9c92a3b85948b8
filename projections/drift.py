"""Where was another model served than was asked for, how often, since when?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, String, Table, func, select
from sqlalchemy.dialects.postgresql import insert

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from projections.base import RUNS, Sql, metadata, tenant_column

drift = Table(
    "drift",
    metadata,
    tenant_column(),
    Column("provider", String, primary_key=True),
    Column("requested", String, primary_key=True),
    Column("served", String, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
)

_NEW = insert(drift)
_ADD = _NEW.on_conflict_do_update(
    index_elements=list(drift.primary_key.columns),
    set_={
        "calls": drift.c.calls + _NEW.excluded.calls,
        "first_at": func.least(drift.c.first_at, _NEW.excluded.first_at),
        "last_at": func.greatest(drift.c.last_at, _NEW.excluded.last_at),
    },
)
_REVISION = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{2}-\d{4}|\d{3,8})")


class Drift:
    name: ClassVar[str] = "drift"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (drift,)
    events: ClassVar[Sequence[type[Event]]] = RUNS
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        for recorded in batch:
            assert isinstance(recorded.event, RUNS)
            for attempt in recorded.event.attempts:
                served, at = attempt.served, attempt.started_at
                if served is None or served == attempt.model or attempt.cached:
                    continue
                row = rows.get((attempt.provider, attempt.model, served))
                if row is None:
                    rows[attempt.provider, attempt.model, served] = {
                        "tenant": recorded.tenant,
                        "provider": attempt.provider,
                        "requested": attempt.model,
                        "served": served,
                        "calls": 1,
                        "first_at": at,
                        "last_at": at,
                    }
                else:
                    row["calls"] += 1
                    row["first_at"], row["last_at"] = min(row["first_at"], at), max(row["last_at"], at)
        await sql.put(_ADD, list(rows.values()))


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """`rerouted` is false where the served model is the one that was asked for, at a date or revision (gpt-4o: gpt-4o-2024-08-06)."""

    provider: str
    requested: str
    served: str
    rerouted: bool
    calls: int
    first_at: datetime
    last_at: datetime


def is_revision(requested: str, served: str) -> bool:
    """Whether `served` names a dated or numbered revision of `requested`."""
    return served.startswith(requested) and bool(_REVISION.fullmatch(served[len(requested) :]))


async def list_drift(sql: Sql, tenant: UUID) -> list[Served]:
    """What was served in another's place, the latest first."""
    query = select(drift).where(drift.c.tenant == tenant)
    rows = await sql.all(
        query.order_by(drift.c.last_at.desc(), drift.c.provider, drift.c.requested, drift.c.served)
    )
    return [
        Served(
            provider=row["provider"],
            requested=row["requested"],
            served=row["served"],
            rerouted=not is_revision(row["requested"], row["served"]),
            calls=row["calls"],
            first_at=row["first_at"],
            last_at=row["last_at"],
        )
        for row in rows
    ]
