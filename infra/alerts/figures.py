"""Alerts' figures from the read model `alert_figures`: all windows of a tenant with one statement. Implements `application.ports.AlertFigures`.

One statement, so that sums and the position that they are of belong together. Windows overlap: what lies between two edges of them is summed once, and
put together of hours where it has some. Tables stand in it as seldom as may be: row-level security asks for each, wherever it stands, whose session this is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from application.ports import Looked, Versions
from domain.budgets.budget import Budget
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.channels import AlertChannels
from domain.insight.alerts.counted import HOUR, SUMS, figures_of
from domain.insight.alerts.figures import Operations, Window
from domain.insight.alerts.rules import AlertRules
from domain.models.pricing import EXACT
from infra.postgres.database import Database
from infra.postgres.session import Statement

STALE = 300.0
"""Seconds for which an event may wait to be counted until the figures tell nothing any more."""

_TYPES = {name: "numeric" if name == "cost" else "bigint" for name in SUMS}
_NAMES = ", ".join(f"f.{name}" for name in SUMS)
_SUMS = ", ".join(f"coalesce(sum(f.{name}), 0)::{kind} AS {name}" for name, kind in _TYPES.items())
_LOOK = f"""
WITH p AS (SELECT * FROM unnest($2::int[], $3::int[], $4::bool[], $5::int[]) AS p (first, last, hourly, n)),
k AS MATERIALIZED (
    SELECT coalesce(min(seq), 0) + 1 AS slowest, max(seq) FILTER (WHERE projection = 'alert_figures') AS counted FROM cursors WHERE tenant = $1
),
c AS MATERIALIZED (
    SELECT k.counted, waiting.waits, waiting.lag, (SELECT count(*) FROM work WHERE tenant = $1 AND parked_at IS NOT NULL) AS work,
        (SELECT count(*) FROM parked WHERE tenant = $1) AS events, settings.versions
    FROM k CROSS JOIN LATERAL (
        SELECT max(e.age) FILTER (WHERE e.seq = coalesce(k.counted, 0) + 1) AS waits, max(e.age) FILTER (WHERE e.seq = k.slowest) AS lag
        FROM (SELECT seq, extract(epoch FROM now() - recorded_at)::float8 AS age FROM events
            WHERE tenant = $1 AND seq IN (coalesce(k.counted, 0) + 1, k.slowest)) e
    ) waiting CROSS JOIN (
        SELECT array_agg(coalesce(e.version, 0) ORDER BY s.n) AS versions FROM unnest($6::uuid[]) WITH ORDINALITY AS s (id, n)
        LEFT JOIN LATERAL (SELECT version FROM events WHERE tenant = $1 AND stream = s.id ORDER BY version DESC LIMIT 1) e ON true
    ) settings
),
sums AS (
    SELECT p.n, {_SUMS} FROM p CROSS JOIN LATERAL (
        SELECT {_NAMES} FROM alert_figures f WHERE NOT p.hourly AND f.tenant = $1 AND f.slot >= p.first AND f.slot < p.last
        UNION ALL
        SELECT {_NAMES} FROM alert_figures_hours f WHERE p.hourly AND f.tenant = $1 AND f.hour >= p.first AND f.hour < p.last
        OFFSET 0
    ) f GROUP BY p.n
),
took AS (
    SELECT n, array_agg(bucket) AS buckets, array_agg(answers) AS answers FROM (
        SELECT w.n, t.bucket, sum(t.answers)::bigint AS answers FROM unnest($7::int[], $8::int[]) WITH ORDINALITY AS w (first, last, n)
        CROSS JOIN LATERAL (
            SELECT bucket, answers FROM alert_figures_took WHERE tenant = $1 AND slot >= w.first AND slot < w.last OFFSET 0
        ) t GROUP BY w.n, t.bucket
    ) t GROUP BY n
)
SELECT c.counted, c.waits, c.lag, c.work, c.events, c.versions,
    sums.n, took.n::int, took.buckets, took.answers, {", ".join(f"sums.{name}" for name in SUMS)}
FROM c LEFT JOIN (sums FULL JOIN took ON false) ON true
"""
_PLANNED_ONCE = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)"
"""For this transaction: to plan the look anew for each tenant takes as long as the look, and ends the same. On a Citus it has to be: which
node it is for follows from the tenant."""

_FIXED = 10
"""Columns before the sums."""


class ReadAlertFigures:
    """`database` has the role of the application."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, tenant: UUID, windows: Mapping[Window, bool]) -> Looked:
        wanted, timed = sorted(windows), sorted(each for each in windows if windows[each])
        pieces = pieces_of(wanted)
        streams = [kind.id_of(tenant) for kind in (AlertRules, Alerts, Budget, AlertChannels)]
        values = [
            tenant,
            *([getattr(each, name) for each in pieces] for name in Piece._fields),
            streams,
            [each.first for each in timed],
            [each.last for each in timed],
        ]
        before: list[Statement] = [] if self._database.cell.distributed else [(_PLANNED_ONCE, [])]
        *_, rows = await self._database.read_all(tenant, *before, (_LOOK, values))
        counted, waits, lag, work, events, versions = rows[0][: _FIXED - 4]
        rules, alerts, budget, channels = versions
        sums = {row[_FIXED - 4]: row[_FIXED:] for row in rows if row[_FIXED - 4] is not None}
        took = {
            timed[row[_FIXED - 3] - 1]: dict(zip(*row[_FIXED - 2 : _FIXED], strict=True))
            for row in rows
            if row[_FIXED - 3] is not None
        }
        return Looked(
            position=None if waits is not None and waits > STALE else counted or 0,
            figures={each: figures_of(_summed(each, pieces, sums), took.get(each, {})) for each in wanted},
            operations=Operations(
                lag_seconds=round(max(lag or 0.0, 0.0), 3), parked_work=work, parked_events=events
            ),
            versions=Versions(rules=rules, alerts=alerts, budget=budget, channels=channels),
        )


class Piece(NamedTuple):
    """Slots, or whole hours, that no edge of a window lies within. `n`: the stretch between two edges that it is of, by its first slot."""

    first: int
    last: int
    hourly: bool
    n: int


def pieces_of(windows: Sequence[Window]) -> list[Piece]:
    """The fewest that make up all of them, each once."""
    edges = sorted({edge for each in windows for edge in (each.first, each.last)})
    found: list[Piece] = []
    for first, last in pairwise(edges):
        if not any(each.first <= first and last <= each.last for each in windows):
            continue
        begins, ends = -(-first // HOUR), last // HOUR
        if begins >= ends:
            found.append(Piece(first, last, False, first))
            continue
        found.append(Piece(begins, ends, True, first))
        for start, end in ((first, begins * HOUR), (ends * HOUR, last)):
            if start < end:
                found.append(Piece(start, end, False, first))
    return found


def _summed(window: Window, pieces: Sequence[Piece], sums: Mapping[int, Sequence[Any]]) -> dict[str, Any]:
    """Of the stretches that the window is made of."""
    starts = {each.n for each in pieces if window.first <= each.n < window.last}
    parts = [sums[start] for start in starts if start in sums]
    with localcontext(EXACT):
        found = {name: sum(part[place] for part in parts) for place, name in enumerate(SUMS)}
        return {**found, "cost": Decimal(found["cost"])}
