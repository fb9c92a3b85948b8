"""Alerts' figures from the read model `alert_figures`: all windows of a tenant with one statement. Implements `application.ports.AlertFigures`.

One statement, so that sums and the position that they are of belong together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from application.ports import Looked, Versions
from domain.budgets.budget import Budget
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.counted import SUMS, figures_of
from domain.insight.alerts.figures import Figures, Operations, Window
from domain.insight.alerts.rules import AlertRules
from infra.postgres.database import Database

STALE = 300.0
"""Seconds for which an event may wait to be counted until the figures tell nothing any more."""

_TYPES = {name: "numeric" if name == "cost" else "bigint" for name in SUMS}
_SUMS = ", ".join(f"coalesce(sum(f.{name}), 0)::{kind} AS {name}" for name, kind in _TYPES.items())
_LOOK = f"""
WITH w AS (SELECT * FROM unnest($2::int[], $3::int[], $7::bool[]) WITH ORDINALITY AS w (first, last, timed, n)),
c AS MATERIALIZED (
    SELECT min(seq) AS slowest, max(seq) FILTER (WHERE projection = 'alert_figures') AS counted FROM cursors WHERE tenant = $1
),
sums AS (
    SELECT w.n, {_SUMS} FROM w JOIN alert_figures f ON f.tenant = $1 AND f.slot >= w.first AND f.slot < w.last GROUP BY w.n
),
took AS (
    SELECT n, array_agg(bucket) AS buckets, array_agg(answers) AS answers FROM (
        SELECT w.n, t.bucket, sum(t.answers)::bigint AS answers FROM w
        JOIN alert_figures_took t ON w.timed AND t.tenant = $1 AND t.slot >= w.first AND t.slot < w.last GROUP BY w.n, t.bucket
    ) t GROUP BY n
)
SELECT c.counted, (SELECT extract(epoch FROM now() - e.recorded_at)::float8 FROM events e WHERE e.tenant = $1 AND e.seq = coalesce(c.counted, 0) + 1),
    (SELECT extract(epoch FROM now() - e.recorded_at)::float8 FROM events e WHERE e.tenant = $1 AND e.seq = coalesce(c.slowest, 0) + 1),
    (SELECT count(*) FROM work k WHERE k.tenant = $1 AND k.parked_at IS NOT NULL),
    (SELECT count(*) FROM parked k WHERE k.tenant = $1),
    coalesce((SELECT max(version) FROM events WHERE tenant = $1 AND stream = $4), 0),
    coalesce((SELECT max(version) FROM events WHERE tenant = $1 AND stream = $5), 0),
    coalesce((SELECT max(version) FROM events WHERE tenant = $1 AND stream = $6), 0),
    w.n::int, took.buckets, took.answers, {", ".join(f"sums.{name}" for name in SUMS)}
FROM c CROSS JOIN w LEFT JOIN sums USING (n) LEFT JOIN took USING (n) ORDER BY w.n
"""
_FIXED = 11
"""Columns before the sums."""


class ReadAlertFigures:
    """`database` has the role of the application."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, tenant: UUID, windows: Mapping[Window, bool]) -> Looked:
        wanted = sorted(windows) or [Window(0, 0)]
        streams = [kind.id_of(tenant) for kind in (AlertRules, Alerts, Budget)]
        ends = [each.first for each in wanted], [each.last for each in wanted]
        timed = [windows.get(each, False) for each in wanted]
        rows = await self._database.read(tenant, _LOOK, tenant, *ends, *streams, timed)
        counted, waits, lag, work, events, *versions = rows[0][: _FIXED - 3]
        rules, alerts, budget = versions
        return Looked(
            position=None if waits is not None and waits > STALE else counted or 0,
            figures={window: _figures(row) for window, row in zip(wanted, rows, strict=True)},
            operations=Operations(
                lag_seconds=round(max(lag or 0.0, 0.0), 3), parked_work=work, parked_events=events
            ),
            versions=Versions(rules=rules, alerts=alerts, budget=budget),
        )


def _figures(row: Sequence[Any]) -> Figures:
    buckets, answers = row[_FIXED - 2 : _FIXED]
    took: dict[int, int] = defaultdict(int, zip(buckets or (), answers or (), strict=True))
    sums = {name: value or 0 for name, value in zip(SUMS, row[_FIXED:], strict=True)}
    return figures_of({**sums, "cost": Decimal(sums["cost"])}, took)
