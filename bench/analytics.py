"""What each question of analytics takes a tenant with a short history, with a long one at the same rate, and with as much in thirty days.

The rows of the read models are made in the database as the projections make them (one answer for ten events), so that a million events' worth of history
takes seconds. Questions are asked for thirty days in a time zone with an odd offset, where most slots are read. `cpu_ms`: processor time of the client and the database together, which a busy machine changes less.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from uuid import UUID, uuid4

import psutil
import psycopg
import uvloop
from msgspec.structs import replace

from bench.harness import Floor, Result, arguments, conditions, percentile, report
from bench.history import fill
from bench.parts import MASTER
from bench.server import server
from domain.insight.calendar import By
from domain.insight.definitions import Definitions, Used
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.projections.sql import TransactionSql
from projections.asked import Asked
from projections.base import Sql
from projections.business import business
from projections.operations import operations
from projections.quality import quality

DAYS = 30
EVENTS_AN_ANSWER = 10
FEW, MANY = 10_000, 1_000_000
HISTORIES = {
    "few": (FEW // EVENTS_AN_ANSWER, DAYS),
    "long": (MANY // EVENTS_AN_ANSWER, DAYS * MANY // FEW),
    "dense": (MANY // EVENTS_AN_ANSWER, DAYS),
}
"""Answers, and the days that they are spread over."""

END = datetime(2026, 11, 29, tzinfo=UTC)
ZONE = "Asia/Kathmandu"

Ask = Callable[[Sql, UUID, Asked], Awaitable[object]]
QUESTIONS: dict[str, tuple[Ask, By, int]] = {
    "quality": (quality, "day", DAYS),
    "quality_per_model": (partial(quality, per="model"), "day", DAYS),
    "business": (business, "day", DAYS),
    "operations": (operations, "day", DAYS),
    "quality_by_month": (quality, "month", 365),
    "operations_by_month": (operations, "month", 365),
}
"""The question, by what it is asked, for how many days."""


async def _measured(database: Database, tenants: dict[str, UUID], seconds: float) -> dict[str, float]:
    took: dict[str, list[float]] = {}
    used: dict[str, float] = {}
    [(backend,)] = await database.read(next(iter(tenants.values())), "SELECT pg_backend_pid()")
    process = psutil.Process(backend)
    until = time.perf_counter() + seconds
    every = [(name, history) for name in QUESTIONS for history in HISTORIES]
    for n, (name, history) in enumerate(cycle(every)):
        if n >= 20 * len(every) and time.perf_counter() > until:
            break
        ask, by, days = QUESTIONS[name]
        goes_by = Used(values=replace(Definitions(), time_zone=ZONE))
        asked = Asked(
            since=END.date() - timedelta(days=days), until=END.date() + timedelta(days=1), by=by, used=goes_by
        )
        before, began = time.process_time() + sum(process.cpu_times()[:2]), time.perf_counter()
        async with database.tenant(tenants[history]) as connection:
            await ask(TransactionSql(connection), tenants[history], asked)
        if n >= 2 * len(every):  # plans and pages are there
            took.setdefault(f"{name}_{history}", []).append(1000 * (time.perf_counter() - began))
            more = time.process_time() + sum(process.cpu_times()[:2]) - before
            used[f"{name}_{history}"] = used.get(f"{name}_{history}", 0.0) + 1000 * more
    processor = {f"{name}_cpu_ms": ms / len(took[name]) for name, ms in used.items()}
    return processor | {
        f"{name}_p{share}_ms": percentile(times, share / 100)
        for name, times in took.items()
        for share in (50, 95)
    }


async def _run(url: str, seconds: float) -> tuple[dict[str, float], float]:
    tenants = {history: uuid4() for history in HISTORIES}
    began = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as connection:
        for history, (answers, days) in HISTORIES.items():
            fill(connection, tenants[history], answers=answers, days=days, end=END)
        connection.execute("VACUUM ANALYZE")
    filling = time.perf_counter() - began
    async with Database(Cell(url, MASTER), size=1) as database:
        return await _measured(database, tenants, seconds), filling


def main() -> None:
    given = arguments(__doc__ or "", seconds=30)
    with server() as postgres, postgres.fresh() as url:
        figures, filling = uvloop.run(_run(url, given.seconds))
        daily = [name for name, (_, by, _) in QUESTIONS.items() if by == "day"]
        ratio = max(figures[f"{name}_long_p50_ms"] / figures[f"{name}_few_p50_ms"] for name in daily)
        worst = max(figures[f"{name}_long_p95_ms"] for name in daily)
        floors = (
            Floor("p50 of a million events to ten thousand, the worst question", ratio, most=1.3),
            Floor("p95 of the worst question, ms", worst, most=20),
        )
        more = conditions(postgres.version, filled_s=round(filling))
        report(
            Result(name="analytics", ratio=ratio, figures=figures, floors=floors, conditions=more), given.json
        )


if __name__ == "__main__":
    main()
