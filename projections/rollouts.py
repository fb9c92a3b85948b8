"""How do answers do on both sides of a rollout? Of each step, for those that have the feature and those that do not.

Counted from the events of what answers cost, which hold nothing personal and outlive an erasure. The side follows from the
conversation's (the call's) bucket and the percentage in force at that place of the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Integer, Numeric, String, Table, Uuid, select

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.flags.feature import bucket_of
from domain.flags.flag import Flags
from domain.flags.rollout import Figure, Metric, Sides
from domain.models.completion import Attempt
from domain.models.pricing import EXACT
from projections.base import RUNS, Sql, adding, metadata, replacing, row_of, struct_of, tenant_column

Side = Literal["on", "off"]

rollouts = Table(
    "rollouts",
    metadata,
    tenant_column(),
    Column("rollout", Uuid, primary_key=True),
    Column("flag", String, nullable=False),
    Column("step", Integer, nullable=False),
    Column("percentage", Integer, nullable=False),
    Column("running", Boolean, nullable=False),
)

figures = Table(
    "rollouts_figures",
    metadata,
    tenant_column(),
    Column("rollout", Uuid, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("side", String, primary_key=True),
    Column("metric", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total", Numeric, nullable=False),
    Column("squares", Numeric, nullable=False),
)

_REPLACE, _ADD = replacing(rollouts), adding(figures, ("count", "total", "squares"))
_KEY = ("rollout", "step", "side", "metric")


class RolloutRow(msgspec.Struct, kw_only=True):
    rollout: UUID
    flag: str
    step: int
    percentage: int
    running: bool


class Rollouts:
    name: ClassVar[str] = "rollouts"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (rollouts, figures)
    events: ClassVar[Sequence[type[Event]]] = (
        *RUNS,
        Flags.RolloutStarted,
        Flags.RolloutAdvanced,
        Flags.RolloutCompleted,
        Flags.RolloutStopped,
        Flags.RolledBack,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        query = select(rollouts).where(rollouts.c.tenant == tenant, rollouts.c.running)
        rows = {row["rollout"]: struct_of(RolloutRow, row) for row in await sql.all(query)}
        changed: set[UUID] = set()
        sums: dict[tuple[UUID, int, Side, Metric], list[Any]] = {}
        with localcontext(EXACT):
            for recorded in batch:
                event = recorded.event
                if not isinstance(event, RUNS):
                    changed.add(_follow(event, rows))
                    continue
                for row in rows.values():
                    if row.running:
                        _count(event.attempts, event.cost, row, str(recorded.stream), sums)
        await sql.put(_REPLACE, [row_of(tenant, rows[rollout]) for rollout in sorted(changed)])
        await sql.put(
            _ADD,
            [
                dict(zip(_KEY, key, strict=True), tenant=tenant, count=count, total=total, squares=squares)
                for key, (count, total, squares) in sums.items()
            ],
        )


def _follow(event: Event | None, rows: dict[UUID, RolloutRow]) -> UUID:
    """The rollout whose state changes."""
    if isinstance(event, Flags.RolloutStarted):
        rows[event.rollout] = RolloutRow(
            rollout=event.rollout,
            flag=event.flag,
            step=0,
            percentage=event.plan.steps[0].percentage,
            running=True,
        )
    elif isinstance(event, Flags.RolloutAdvanced):
        rows[event.rollout].step, rows[event.rollout].percentage = event.step, event.percentage
    else:
        assert isinstance(event, Flags.RolloutCompleted | Flags.RolloutStopped | Flags.RolledBack)
        rows[event.rollout].running = False
    return event.rollout


def _count(
    attempts: Sequence[Attempt],
    cost: Decimal,
    row: RolloutRow,
    subject: str,
    sums: dict[tuple[UUID, int, Side, Metric], list[Any]],
) -> None:
    if attempts and all(attempt.outcome == "cancelled" for attempt in attempts):
        return  # nobody waited for it; that tells nothing
    side: Side = "on" if bucket_of(row.flag, subject) <= row.percentage else "off"
    for metric, value in measured(attempts, cost).items():
        figure = sums.setdefault((row.rollout, row.step, side, metric), [0, Decimal(0), Decimal(0)])
        figure[0] += 1
        figure[1] += value
        figure[2] += value * value


def measured(attempts: Sequence[Attempt], cost: Decimal) -> Mapping[Metric, Decimal]:
    """One answer's metrics. It counts as failed when no call gave it, or one of its calls failed before another gave it."""
    good = any(attempt.outcome == "ok" for attempt in attempts)
    bad = any(attempt.outcome not in ("ok", "cancelled") for attempt in attempts)
    return {
        "failure_rate": Decimal(bad or not good),
        "latency_ms": sum((Decimal(str(attempt.latency_ms)) for attempt in attempts), Decimal(0)),
        "cost": cost,
    }


async def sides_of(sql: Sql, tenant: UUID, rollout: UUID, step: int) -> Sides:
    """Both sides of a step. Where everybody has the feature, the others are those of the steps before."""
    query = select(figures).where(
        figures.c.tenant == tenant, figures.c.rollout == rollout, figures.c.step <= step
    )
    on: dict[Metric, Figure] = {}
    off: dict[int, dict[Metric, list[Figure]]] = {}
    for row in await sql.all(query):
        figure = Figure(count=row["count"], total=row["total"], squares=row["squares"])
        if row["side"] == "off":
            off.setdefault(row["step"], {}).setdefault(row["metric"], []).append(figure)
        elif row["step"] == step:
            on[row["metric"]] = figure
    others: dict[Metric, list[Figure]] = off.get(step, {})
    if not others:
        for earlier in off.values():
            for metric, found in earlier.items():
                others.setdefault(metric, []).extend(found)
    return Sides(on=on, off={metric: _together(found) for metric, found in others.items()})


def _together(found: Sequence[Figure]) -> Figure:
    with localcontext(EXACT):
        return Figure(
            count=sum(figure.count for figure in found),
            total=sum((figure.total for figure in found), Decimal(0)),
            squares=sum((figure.squares for figure in found), Decimal(0)),
        )
