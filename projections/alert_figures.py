"""What do alerts go by? Sums of five minutes and of hours, kept for as long as a window reaches back. Counted by domain/insight/alerts/counted.py.

Read by infra/alerts/figures.py: all windows of a tenant with one statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import localcontext
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy import BigInteger, Column, Integer, Numeric, Table, delete, update

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.insight.alerts.counted import HOUR, SLOT, SUMS, UNMETERED, Slots
from domain.insight.alerts.metrics import LONGEST
from domain.kinds import METERED
from domain.models.pricing import EXACT
from projections.base import Sql, adding, metadata, tenant_column

figures = Table(
    "alert_figures",
    metadata,
    tenant_column(),
    Column("slot", Integer, primary_key=True),
    *(Column(name, Numeric if name == "cost" else BigInteger, nullable=False) for name in SUMS),
)
hours = Table(
    "alert_figures_hours",
    metadata,
    tenant_column(),
    Column("hour", Integer, primary_key=True),
    *(Column(name, Numeric if name == "cost" else BigInteger, nullable=False) for name in SUMS),
)
"""The same again: a window of a week is put together of few rows. `hour`: slots / 12."""

took = Table(
    "alert_figures_took",
    metadata,
    tenant_column(),
    Column("slot", Integer, primary_key=True),
    Column("bucket", Integer, primary_key=True),
    Column("answers", BigInteger, nullable=False),
)

DAY = 86_400 // SLOT
KEPT = (2 * LONGEST * 60) // SLOT + 2 * DAY
"""Slots: the longest window, the longest time before it, and two days."""

_ADD, _ADD_HOURS, _ADD_TOOK = adding(figures, SUMS), adding(hours, SUMS), adding(took, ("answers",))


class AlertFigures:
    name: ClassVar[str] = "alert_figures"
    version: ClassVar[int] = 2
    tables: ClassVar[Sequence[Table]] = (figures, hours, took)
    events: ClassVar[Sequence[type[Event]]] = (*METERED, *UNMETERED)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant, counted = batch[0].tenant, Slots()
        for recorded in batch:
            counted.fold(recorded)
        if counted.cleared:
            for table in (figures, hours):
                well = update(table).values(failed_verifications=0)
                await sql.run(well.where(table.c.tenant == tenant, table.c.failed_verifications > 0))
        slots = sorted(counted.slots.items())
        rows = [
            {"tenant": tenant, "slot": number, **{name: getattr(slot, name) for name in SUMS}}
            for number, slot in slots
        ]
        await sql.put(_ADD, rows)
        await sql.put(_ADD_HOURS, by_hour(tenant, rows))
        await sql.put(
            _ADD_TOOK,
            [
                {"tenant": tenant, "slot": number, "bucket": bucket, "answers": answers}
                for number, slot in slots
                for bucket, answers in sorted(slot.took.items())
            ],
        )
        # Once a day is enough; by the event's own hour, so that a rebuild leaves the same rows whatever its batches are.
        if early := [number for number, _ in slots if number % DAY < DAY // 24]:
            oldest = max(early) // DAY * DAY - KEPT
            for number, first in (
                (figures.c.slot, oldest),
                (took.c.slot, oldest),
                (hours.c.hour, oldest // HOUR),
            ):
                table = number.table
                await sql.run(delete(table).where(table.c.tenant == tenant, number < first))


def by_hour(tenant: UUID, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `figures` as rows of `hours`."""
    found: dict[int, dict[str, Any]] = {}
    with localcontext(EXACT):
        for row in rows:
            hour = row["slot"] // HOUR
            sums = found.setdefault(hour, {"tenant": tenant, "hour": hour, **dict.fromkeys(SUMS, 0)})
            for name in SUMS:
                sums[name] += row[name]
    return list(found.values())
