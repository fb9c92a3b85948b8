"""Events per second folded into what came of each customer under a rollout, and looks per second at what came of all of them.

Beside it, of the same log: building `costs`, which is what bench.replay measures, and plain COPY out of the table of events.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import psycopg
import uvloop

from bench.conversations import conversation
from bench.harness import Contestant, Floor, Result, arguments, conditions, report, rounds
from bench.parts import MASTER, Log, now, opened
from bench.replay import copy_out, project
from bench.server import server
from domain.base.context import Context
from domain.conversations.conversation import Conversation
from domain.feedback.rating import Rating
from domain.flags.flag import Flags
from domain.flags.outcome import OFF, ON
from domain.flags.plan import Plan, Step
from domain.flags.rollout import judge
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.projections.sql import TransactionSql
from projections.costs import Costs
from projections.outcomes import Outcomes, closed_outcomes

TENANTS, EXCHANGES = 2, 6
EACH = 2 + 4 * EXCHANGES + 2 * EXCHANGES // 2
"""Events of a customer: every other answer is rated."""
EVENTS_PER_SECOND_GIVEN = 120_000 / 45
ROUNDS, LOOKS = 3, 5
PLAN = Plan(steps=(Step(percentage=50, hold_hours=48),))


async def fill(url: str, customers: int) -> dict[UUID, UUID]:
    """Tenants with a rollout under way, and its id; then so many customers."""
    rolling = {uuid4(): uuid4() for _ in range(TENANTS)}
    tenants, left = list(rolling), iter(range(customers))

    async def save(log: Log, numbers: Iterator[int]) -> None:
        for number in numbers:
            context = Context(tenant=tenants[number % TENANTS], actor="system:bench", correlation=uuid4())
            made = conversation(0, EXCHANGES)
            answered = [event for event in made.pending_events if isinstance(event, Conversation.Answered)]
            await log.store.save(made, context=context)
            for nth, event in enumerate(answered[::2]):
                rating = Rating.begin(event.interaction, made.id, now())
                rating.rate((number + nth) % 5 > 0, "api", now())
                await log.store.save(rating, context=context)

    async with opened(url) as log:
        for tenant, rollout in rolling.items():
            flags = Flags.begin(tenant, now())
            flags.switch("full_agent", now(), on=False)
            flags.start_rollout("full_agent", rollout, PLAN, now())
            context = Context(tenant=tenant, actor="system:bench", correlation=uuid4())
            await log.store.save(flags, context=context)
        await asyncio.gather(*(save(log, left) for _ in range(8)))
    return rolling


def build(url: str, events: int, name: str, customers: int) -> dict[str, float]:
    """A projection from nothing, in one process."""
    projection = Outcomes() if name == "outcomes" else Costs()
    tables = ", ".join(f"retrace.{table.name}" for table in projection.tables)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {tables}, retrace.cursors, retrace.parked".encode())
        began = time.perf_counter()
        uvloop.run(project(url, projection))
        took = time.perf_counter() - began
        if name == "outcomes":
            query = "SELECT count(*), sum(answers), sum(rated) FROM retrace.outcomes"
            expected = (customers, customers * EXCHANGES, customers * EXCHANGES // 2)
            if (found := connection.execute(query).fetchone()) != expected:
                raise AssertionError(f"what was folded is not what was asked: {found}, not {expected}")
    return {f"{name}_per_s": events / took}


def look(url: str, rolling: dict[UUID, UUID]) -> dict[str, float]:
    """At all customers of a tenant's rollout: read, and judged by each test of the usual plan."""

    async def some() -> float:
        (tenant, rollout), *_ = rolling.items()
        async with Database(Cell(url, MASTER)) as database:
            began = time.perf_counter()
            for _ in range(LOOKS):
                until = now() + timedelta(hours=1)
                async with database.tenant(tenant) as connection:
                    seen = await closed_outcomes(
                        TransactionSql(connection), tenant, rollout, new=ON, beside=OFF, until=until
                    )
                judge(PLAN.limits, seen, position=0, until=until)
            return time.perf_counter() - began

    return {"looks_per_s": LOOKS / uvloop.run(some())}


def main() -> None:
    given = arguments("what came of customers under a rollout")
    customers = max(400, round(EVENTS_PER_SECOND_GIVEN * given.seconds / EACH / TENANTS) * TENANTS)
    with server() as running, running.fresh() as url:
        rolling = uvloop.run(fill(url, customers))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE retrace.events")
            row = connection.execute("SELECT sum(seq) FROM retrace.heads").fetchone()
        assert row is not None
        events = int(row[0])
        running.checkpoint()
        runs: list[Contestant] = [
            partial(build, url, events, "costs", customers),
            lambda: {**build(url, events, "outcomes", customers), **look(url, rolling)},
            partial(copy_out, url),
        ]
        measured = rounds(runs, ROUNDS)
    figures = measured.medians
    figures["to_replay"] = measured.ratio("outcomes_per_s", "costs_per_s")
    figures["to_copy"] = measured.ratio("outcomes_per_s", "copy_per_s")
    result = Result(
        name="experiment",
        ratio=figures["to_replay"],
        figures=figures,
        floors=(Floor("× replay", figures["to_replay"], least=0.5),),
        conditions=conditions(
            running.version,
            rounds=ROUNDS,
            events=events,
            tenants=TENANTS,
            customers_a_look=customers // TENANTS,
        ),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
