"""A Citus beside PostgreSQL alone on the same machine: saves, claims and ends of work a second, and ways to a tenant's passages.

    python -m bench.citus --citus postgresql://postgres@127.0.0.1:55400/retrace

The servers of the Citus run already (docs/citus.md), with the settings that they have; PostgreSQL alone is started for the bench.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import partial

import psycopg
import uvloop

from bench import owed
from bench.append import WRITERS, ours
from bench.corpus import Corpus
from bench.harness import Contestant, Floor, Result, conditions, parser, report, rounds
from bench.parts import MASTER, opened
from bench.retrieval import Searching
from bench.server import Server, server
from bench.spread import database
from bench.work import drained
from infra.postgres.cell import Cell
from infra.retrieval.vectors import PgVectors
from infra.schema.migrate import migrate

ROUNDS = 3
WAYS = ("vector", "keyword", "hybrid")
PASSAGES = 5_000
CREWS = (1, 4)
ITEMS = 500
"""Of work, each time."""

SHARDS = 32
"""What a Citus has unless told otherwise."""

SIDES = ("plain", "citus")


def measure(urls: Sequence[str], running: Server, seconds: float) -> dict[str, float]:
    part = seconds / ROUNDS / 2 / (len(WRITERS) + len(WAYS))

    def saves(side: str, url: str, writers: int) -> dict[str, float]:
        return {f"{side}_saves_{writers}_per_s": ours(url, writers, part)}

    def work(side: str, url: str, workers: int) -> dict[str, float]:
        rate, wake_up = drained(owed, url, running.redis_url, workers, ITEMS)
        figures = {f"{side}_work_{workers}_per_s": rate}
        return figures if wake_up is None else {**figures, f"{side}_wake_up_ms": wake_up}

    contestants: list[Contestant] = []
    for writers in WRITERS:
        contestants += [partial(saves, side, url, writers) for side, url in zip(SIDES, urls, strict=True)]
    for workers in CREWS:
        contestants += [partial(work, side, url, workers) for side, url in zip(SIDES, urls, strict=True)]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stack = AsyncExitStack()
        searched = [
            runner.run(_searching(stack, side, url, 1000 * part))
            for side, url in zip(SIDES, urls, strict=True)
        ]
        for way in WAYS:
            contestants += [partial(_search, runner, each, way) for each in searched]
        try:
            measured = rounds(contestants, ROUNDS)
        finally:
            runner.run(stack.aclose())
    figures = measured.medians
    for what in (*(f"saves_{n}_per_s" for n in WRITERS), *(f"work_{n}_per_s" for n in CREWS)):
        figures[f"{what.removesuffix('_per_s')}_times"] = measured.ratio(f"citus_{what}", f"plain_{what}")
    return figures


Searched = tuple[str, Searching, Corpus]


async def _searching(stack: AsyncExitStack, side: str, url: str, ms: float) -> Searched:
    """A tenant with its passages there."""
    log = await stack.enter_async_context(opened(url))
    corpus = Corpus(PASSAGES, PASSAGES)
    searching = Searching(log.database, PgVectors(log.database, log.keyring), None, ms)
    await searching.fill([corpus])
    return side, searching, corpus


def _search(runner: asyncio.Runner, searched: Searched, way: str) -> dict[str, float]:
    side, searching, corpus = searched
    found = searching.round(runner, way, corpus)
    named = f"{way}_{PASSAGES}_"
    return {f"{side}_{way}_{each}_ms": found[f"{named}{each}_ms"] for each in ("p50", "p95")}


@contextmanager
def both(coordinator: str, running: Server) -> Iterator[list[str]]:
    """A migrated, empty database of each."""
    with running.fresh() as plain, database(coordinator, f"bench_{os.getpid()}", SHARDS) as spread:
        asyncio.run(migrate(Cell(spread, MASTER)))
        yield [plain, spread]


def _facts(url: str) -> dict[str, object]:
    query = (
        "SELECT citus_version(), current_setting('fsync'), current_setting('synchronous_commit'), "
        "(SELECT count(*) FROM pg_dist_node WHERE shouldhaveshards AND isactive)"
    )
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return {"citus": row[0].split(" on ")[0], "fsync_there": row[1], "commit_there": row[2], "nodes": row[3]}


def main() -> None:
    taken = parser("a Citus beside PostgreSQL alone", seconds=60)
    taken.add_argument("--citus", metavar="URL", required=True, help="its coordinator, as a superuser")
    given = taken.parse_args()
    with server() as running, both(given.citus, running) as urls:
        figures = measure(urls, running, given.seconds)
        facts = conditions(running.version, rounds=ROUNDS, **_facts(urls[1]))
    floor = Floor("saves of 64 writers × plain", figures["saves_64_times"], least=0.5)
    result = Result(name="citus", ratio=floor.figure, figures=figures, floors=(floor,), conditions=facts)
    report(result, given.json)


if __name__ == "__main__":
    main()
