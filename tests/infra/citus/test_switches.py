"""Read models are switched on a Citus while the command, sessions on any node, whole nodes and the coordinator are killed (kill -9): readers see one
version whole or hear that a node is away, and the same command goes on. For `make citus`."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import psycopg
import pytest

from application.base.tasks import cancel_and_wait
from application.ports import Unavailable
from infra.projections.comparing import compare
from infra.projections.rebuild import rebuild
from infra.projections.switching import switch
from infra.schema.migrate import migrate
from tests import citus
from tests.cells import cell
from tests.citus_servers import WORKERS, OwnCitus, own_citus
from tests.infra.log.parts import Log, log_on
from tests.infra.projections.copies import caught_up, role, shop_of
from tests.infra.projections.parts import talk
from tests.until import until

pytestmark = pytest.mark.skipif(citus.url() is None, reason="on a Citus: make citus")
TARGETS = ("command", "command", "command", "session", "session", "node", "coordinator")
RUNS = 2
TENANTS, TURNS, MORE = 4, 2, 100
"""What one of the two versions has more of, in each of its tables."""

Seen = set[tuple[int, int]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    runs, first = metafunc.config.getoption("--runs") or RUNS, metafunc.config.getoption("--seed")
    metafunc.parametrize("run", range(first, first + runs))


@pytest.fixture(scope="module", name="spread")
def _spread() -> Iterator[OwnCitus]:
    with own_citus() as made:
        asyncio.run(migrate(cell(made.url)))
        yield made


async def test_kills_leave_one_version_whole(run: int, spread: OwnCitus) -> None:
    chance, tenants = random.Random(run), [uuid4() for _ in range(TENANTS)]
    targets = chance.sample(TARGETS, len(TARGETS))
    async with log_on(spread.url) as log:
        for tenant in tenants:
            await talk(log, tenant, TURNS)
        await caught_up(log)
        async with shop_of(log) as shop:
            await rebuild(shop)
        _mark(spread.url, tenants)
        async with role(log), reading(log, tenants) as seen:
            for number, target in enumerate(targets):
                back = not await _stands(spread.url, "next")
                try:
                    await _killed(spread, target, back, chance)
                    await _gone_on_with(spread.url, back)
                except BaseException as error:
                    error.add_note(f"seed {run}, kill {number}: {targets}")
                    raise
        plain = {(TURNS, TURNS), (TURNS + MORE, TURNS + MORE)}
        assert seen == dict.fromkeys(tenants, plain)
        await until(lambda: not _in_doubt(spread))
        async with shop_of(log) as shop:
            await rebuild(shop)
            await switch(shop)
            await rebuild(shop)
            found = await compare(shop)
        assert (found.differing, found.tenants >= TENANTS) == (0, True)
    print(f"seed {run}: {', '.join(targets)}")


def _mark(url: str, tenants: Sequence[UUID]) -> None:
    """The live one, so that it can be told from the copy."""
    with psycopg.connect(url, autocommit=True) as superuser:
        for table in ("costs", "costs_latency"):
            key = "tenant = %s"
            changed = f"UPDATE retrace.{table} SET calls = calls + {MORE} WHERE {key}"
            for tenant in tenants:
                count = f"SELECT count(*) FROM retrace.{table} WHERE {key}"
                assert superuser.execute(count.encode(), [tenant]).fetchone() == (1,)
                superuser.execute(changed.encode(), [tenant])


@asynccontextmanager
async def reading(log: Log, tenants: Sequence[UUID]) -> AsyncIterator[dict[UUID, Seen]]:
    """What both tables of the read model show, again and again, as the application asks for it."""
    seen: dict[UUID, Seen] = {tenant: set() for tenant in tenants}

    async def read(tenant: UUID) -> None:
        own = "(SELECT sum(calls) AS n FROM {} WHERE tenant = %(tenant)s)"  # names its tenant, and so is asked of one node, for one sight
        query = f"SELECT c.n, l.n FROM {own.format('costs')} c, {own.format('costs_latency')} l".encode()
        while True:
            try:
                async with log.database.tenant(tenant) as connection:
                    row = await (await connection.execute(query, {"tenant": tenant}, prepare=True)).fetchone()
                assert row is not None
                seen[tenant].add((int(row[0] or 0), int(row[1] or 0)))
            except Unavailable:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.002)

    tasks = [asyncio.create_task(read(tenant)) for tenant in tenants]
    try:
        yield seen
        assert not any(task.done() for task in tasks), [task.exception() for task in tasks if task.done()]
    finally:
        await cancel_and_wait(*tasks)


async def _command(url: str, back: bool) -> asyncio.subprocess.Process:
    """That has connected, and begins."""
    words = ["tests.soak.switching", url, *(["back"] if back else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"begun\n", (await process.communicate())[1].decode()
    return process


async def _killed(spread: OwnCitus, target: str, back: bool, chance: random.Random) -> None:
    process = await _command(spread.url, back)
    await asyncio.sleep(chance.uniform(0.0, 0.4))
    place = chance.randrange(1, WORKERS + 1)
    if target == "command" and process.returncode is None:
        process.kill()
    elif target == "session":
        spread.kill_backend(chance.randrange(WORKERS + 1), chance)
    elif target in ("node", "coordinator"):
        place = 0 if target == "coordinator" else place
        spread.kill(place)
        await asyncio.to_thread(spread.restart, place)
    async with asyncio.timeout(60):
        await process.communicate()


async def _gone_on_with(url: str, back: bool) -> None:
    """By the same command, unless it was done."""
    until_now, said = asyncio.get_running_loop().time() + 60, ""
    while await _stands(url, "old" if back else "next"):
        assert asyncio.get_running_loop().time() < until_now, said
        try:
            process = await _command(url, back)
            said = (await process.communicate())[1].decode()
        except AssertionError as error:  # a node is not back yet
            said = str(error)
    assert await _stands(url, "live")
    assert await _stands(url, "next" if back else "old")


async def _stands(url: str, place: str) -> bool:
    """Whether a version stands there."""
    query = "SELECT count(*) FROM retrace.builds WHERE projection = 'costs' AND place = %s"

    def look() -> list[int]:
        try:
            with psycopg.connect(url, connect_timeout=5) as superuser:
                row = superuser.execute(query, [place]).fetchone()
        except psycopg.Error:
            return []
        assert row is not None
        return [row[0]]

    (count,) = await until(lambda: asyncio.to_thread(look))
    return bool(count)


def _in_doubt(spread: OwnCitus) -> int:
    """Transactions that a node keeps prepared."""
    with psycopg.connect(spread.url) as superuser:
        query = (
            "SELECT sum(result::int) FROM run_command_on_all_nodes('SELECT count(*) FROM pg_prepared_xacts')"
        )
        row = superuser.execute(query).fetchone()
    assert row is not None
    return int(row[0])
