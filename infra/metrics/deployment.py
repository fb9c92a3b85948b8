"""Figures of the whole deployment, asked of its database at most each few seconds: how far read models are, what work waits.

Every process that is asked tells the same; take one, or the greatest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from application.ports import Unavailable
from infra.postgres.database import Database
from infra.projections.lag import behind_on
from projections.base import Projection

log = logging.getLogger("retrace.metrics")

FRESH = 5.0
"""Seconds for which the database is not asked again."""

LAGS = """
SELECT p.name, coalesce(sum(l.behind), 0)::float8, coalesce(max(l.seconds), 0)::float8, count(l.stopped)::float8,
    (SELECT count(*) FROM parked k WHERE k.projection = p.name)::float8
FROM unnest(%(names)s::text[]) AS p (name) LEFT JOIN {} l ON l.projection = p.name GROUP BY p.name ORDER BY p.name
"""
QUEUES = """
SELECT kind, count(*) FILTER (WHERE parked_at IS NULL AND lease_until > now())::float8,
    count(*) FILTER (WHERE parked_at IS NULL AND lease_until IS NULL AND wake_at <= now())::float8
        + count(*) FILTER (WHERE parked_at IS NULL AND lease_until <= now())::float8,
    count(*) FILTER (WHERE parked_at IS NULL AND lease_until IS NULL AND wake_at > now())::float8,
    count(*) FILTER (WHERE parked_at IS NOT NULL)::float8,
    coalesce(extract(epoch FROM now() - min(wake_at) FILTER (WHERE parked_at IS NULL AND wake_at <= now())), 0)::float8
FROM work GROUP BY kind ORDER BY kind
"""
GAUGES = (
    ("retrace_projection_lag_events", "Events that a projection has not applied yet, over all tenants."),
    ("retrace_projection_lag_seconds", "How long the oldest event waits that a projection has not applied."),
    ("retrace_projection_stopped_tenants", "Tenants for which a projection has stopped."),
    ("retrace_projection_parked_events", "Events that a projection could not apply."),
)
STATES = ("leased", "due", "later", "parked")


Row = tuple[Any, ...]


async def worst_lags(system: Database, projections: Sequence[Projection]) -> Sequence[Row]:
    """Of each projection: name, events behind over all tenants, seconds that the oldest event waits that it has not applied, tenants for which it has
    stopped, parked events. `system` has the role retrace_runner."""
    values = {"names": [projection.name for projection in projections], "tenant": None}
    async with system.system() as connection:
        cursor = await connection.execute(LAGS.format(behind_on(system)).encode(), values)
        return await cursor.fetchall()


async def queues(system: Database) -> Sequence[Row]:
    """Of each kind of work: name, rows that are leased, due, due later, parked, seconds that the oldest that is due has waited."""
    async with system.system() as connection:
        return await (await connection.execute(QUEUES)).fetchall()


class Deployment(Collector):
    """`system` has the role retrace_runner. Empty while the database does not answer."""

    def __init__(self, system: Database, projections: Sequence[Projection]) -> None:
        self._system = system
        self._projections = projections
        self._at = -FRESH
        self._lags: Sequence[Row] = ()
        self._queues: Sequence[Row] = ()

    async def refresh(self) -> None:
        """To be called before `collect`."""
        if time.monotonic() - self._at < FRESH:
            return
        self._at = time.monotonic()
        self._lags = self._queues = ()
        try:
            self._lags = await worst_lags(self._system, self._projections)
            self._queues = await queues(self._system)
        except (Unavailable, psycopg.Error) as error:
            log.warning(
                "the deployment's figures are left out", extra={"facts": {"error": type(error).__name__}}
            )

    def collect(self) -> Iterator[Metric]:
        for place, (name, text) in enumerate(GAUGES, 1):
            gauge = GaugeMetricFamily(name, text, labels=["projection"])
            for row in self._lags:
                gauge.add_metric([row[0]], row[place])
            yield gauge
        text = "Work by kind and state: due, later (not due yet, or waiting for another try), leased, parked."
        rows = GaugeMetricFamily("retrace_work_rows", text, labels=["kind", "state"])
        text = "How long the oldest work that is due has waited."
        oldest = GaugeMetricFamily("retrace_work_oldest_due_seconds", text, labels=["kind"])
        for kind, *counts, age in self._queues:
            for state, count in zip(STATES, counts, strict=True):
                rows.add_metric([kind, state], count)
            oldest.add_metric([kind], age)
        yield from (rows, oldest)
