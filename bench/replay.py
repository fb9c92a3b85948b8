"""Events per second of building `costs` from the log: read, decrypted, decoded, summed, and each once in effect.

Beside it: the library's ProjectionRunner on a shorter log with the same facts, unencrypted, and plain COPY out of our table.
"""

from __future__ import annotations

import time
from functools import partial
from typing import LiteralString
from uuid import UUID

import psycopg
import uvloop

from bench.conversations import fill, samples
from bench.harness import Floor, Result, arguments, conditions, report, rounds
from bench.parts import MASTER
from bench.rivals import runner
from bench.server import Server, server
from infra.crypto.keyring import Keyring
from infra.log.reader import Reader
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.projections.projector import Projector
from infra.redis.wakeups import Hints
from projections.base import Projection
from projections.costs import Costs

TENANTS = 4
EVENTS_PER_SECOND_GIVEN = 300_000 / 45
LIBRARY = 3_000
"""Events of the library's log: it has the time of the others with a hundredth of them."""
ROUNDS = 3


async def project(url: str, *projections: Projection) -> None:
    """Bring these to the end of the log."""
    async with (
        Database(Cell(url, MASTER), role="retrace_projector") as writer,
        Database(Cell(url, MASTER), role="retrace_runner", size=2) as system,
    ):
        reader = Reader(writer, Keyring(writer, MASTER))
        await Projector(projections, writer=writer, system=system, reader=reader, hints=Hints()).catch_up()


def build(url: str) -> dict[str, float]:
    """From nothing, in one process."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE retrace.costs, retrace.costs_latency, retrace.cursors, retrace.parked")
        began = time.perf_counter()
        uvloop.run(project(url, Costs()))
        took = time.perf_counter() - began
        query: LiteralString = (
            "SELECT sum(calls) = (SELECT count(*) FROM retrace.events WHERE topic = %s) FROM retrace.costs"
        )
        if connection.execute(query, ["conversation.metered"]).fetchone() != (True,):
            raise AssertionError("the sums do not show every call")
        row = connection.execute("SELECT sum(seq) FROM retrace.heads").fetchone()
    assert row is not None
    return {"retrace_per_s": float(row[0]) / took}


def copy_out(url: str) -> dict[str, float]:
    """The same rows as bytes, not looked at."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        with cursor.copy("COPY (SELECT * FROM retrace.events) TO STDOUT (FORMAT binary)") as rows:
            for _ in rows:
                pass
        return {"copy_per_s": cursor.rowcount / (time.perf_counter() - began)}


def library(running: Server) -> dict[str, float]:
    with running.fresh("template1") as url:
        return {"library_per_s": runner.replay(url, samples(LIBRARY))}


def payload_size(url: str, tenants: list[UUID]) -> int:
    with psycopg.connect(url) as connection:
        query: LiteralString = (
            "SELECT avg(octet_length(payload)) FROM retrace.events WHERE tenant = %s AND seq <= 1000"
        )
        row = connection.execute(query, [tenants[0]]).fetchone()
    assert row is not None
    size: int = round(row[0])
    return size


def main() -> None:
    given = arguments("building a projection")
    events = max(20_000, round(EVENTS_PER_SECOND_GIVEN * given.seconds / 1000) * 1000)
    with server() as running, running.fresh() as url:
        tenants = uvloop.run(fill(url, events, TENANTS))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE retrace.events")
        size = payload_size(url, tenants)
        running.checkpoint()
        runs = [partial(build, url), partial(copy_out, url), partial(library, running)]
        measured = rounds(runs, ROUNDS)
    figures = measured.medians
    figures["to_library"] = measured.ratio("retrace_per_s", "library_per_s")
    figures["to_copy"] = measured.ratio("retrace_per_s", "copy_per_s")
    result = Result(
        name="replay",
        ratio=figures["to_library"],
        figures=figures,
        floors=(
            Floor("× library", figures["to_library"], least=20),
            Floor("events per second", figures["retrace_per_s"], least=50_000),
        ),
        conditions=conditions(
            running.version,
            rounds=ROUNDS,
            events=events,
            tenants=TENANTS,
            payload_bytes=size,
            library_events=LIBRARY,
        ),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
