"""Events per second of verifying a log whose checkpoints cover it: digests, chains, tree, with as many processes as there are cores, as
`retrace audit verify` does it; by one process; and closely, with the keys as well.

Beside it: SHA-256 alone over the same bytes, in memory, by hashlib and in lanes (infra/audit/lanes.py).
"""

from __future__ import annotations

import time
from functools import partial
from hashlib import sha256
from typing import LiteralString
from uuid import UUID

import psycopg
import uvloop

from bench.conversations import fill
from bench.harness import Floor, Result, arguments, conditions, report, rounds
from bench.parts import MASTER
from bench.server import server
from infra.audit.checkpoints import Checkpoints
from infra.audit.lanes import digests
from infra.audit.together import STRETCH, cores
from infra.audit.verify import verify
from infra.crypto.keyring import Keyring
from infra.postgres.cell import Cell
from infra.postgres.database import Database

EVENTS_PER_SECOND_GIVEN = 200_000 / 30
ROUNDS = 3


async def _verify(url: str, tenant: UUID, sign: bool, closely: bool = False, processes: int = 1) -> int:
    async with Database(Cell(url, MASTER)) as database:
        keyring = Keyring(database, MASTER)
        checkpoints = Checkpoints(database, keyring)
        if sign:
            await checkpoints.make(tenant)
            return 0
        found = await verify(
            tenant,
            database=database,
            keyring=keyring,
            checkpoints=checkpoints,
            closely=closely,
            processes=processes,
        )
        if found.findings:
            raise AssertionError(f"a clean log has findings: {found.findings[:3]}")
        return found.events


def ours(name: str, url: str, tenant: UUID, *, closely: bool = False, processes: int = 1) -> dict[str, float]:
    began = time.perf_counter()
    events = uvloop.run(_verify(url, tenant, False, closely, processes))
    return {f"{name}_per_s": events / (time.perf_counter() - began)}


def lanes(payloads: list[bytes]) -> dict[str, float]:
    began = time.perf_counter()
    for first in range(0, len(payloads), STRETCH):
        digests(payloads[first : first + STRETCH])
    return {"lanes_per_s": len(payloads) / (time.perf_counter() - began)}


def bare(payloads: list[bytes]) -> dict[str, float]:
    began = time.perf_counter()
    for payload in payloads:
        sha256(payload).digest()
    return {"sha256_per_s": len(payloads) / (time.perf_counter() - began)}


def main() -> None:
    given = arguments("verifying a log", seconds=30)
    events = max(20_000, round(EVENTS_PER_SECOND_GIVEN * given.seconds / 1000) * 1000)
    with server() as running, running.fresh() as url:
        (tenant,) = uvloop.run(fill(url, events, 1))
        uvloop.run(_verify(url, tenant, True))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE retrace.events")
            query: LiteralString = "SELECT payload FROM retrace.events LIMIT 50000"
            payloads = [row[0] for row in connection.execute(query, binary=True).fetchall()]
        running.checkpoint()
        ways = [
            partial(ours, "retrace", url, tenant, processes=cores()),
            partial(ours, "one_process", url, tenant),
            partial(ours, "closely", url, tenant, closely=True),
        ]
        measured = rounds([*ways, partial(lanes, payloads), partial(bare, payloads)], ROUNDS)
    figures = measured.medians
    figures["to_one_process"] = measured.ratio("retrace_per_s", "one_process_per_s")
    figures["lanes_to_sha256"] = measured.ratio("lanes_per_s", "sha256_per_s")
    figures["to_sha256"] = measured.ratio("retrace_per_s", "sha256_per_s")
    result = Result(
        name="verify",
        ratio=figures["to_sha256"],
        figures=figures,
        floors=(Floor("events per second, one process", figures["one_process_per_s"], least=100_000),),
        conditions=conditions(
            running.version,
            rounds=ROUNDS,
            events=events,
            processes=cores(),
            payload_bytes=round(sum(map(len, payloads)) / len(payloads)),
        ),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
