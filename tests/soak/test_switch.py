"""Read models are rebuilt beside the live ones and put in place while 16 writers go on: readers see whole ones only, and wait for moments.

Every look at a read model is held against the log: it shows what the events up to its cursor make, and never an older state than before.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from application.base.tasks import cancel_and_wait
from infra.embedded import servers
from infra.postgres.database import Database
from infra.schema.migrate import migrate
from tests.cells import cell
from tests.infra.log.parts import MASTER, context, log_on
from tests.infra.projections.parts import begun, exchange
from tests.soak.following import at_the_end

pytestmark = pytest.mark.soak
ROOT = Path(__file__).parents[2]
EVENTS = 300_000
EXCHANGES = 100
"""Of a conversation; each makes five events."""
TENANTS = 4
WRITERS = 2
"""Processes of eight writers each."""
PAUSE = 0.05
"""Seconds that a writer rests after each save. Without it the log grows as fast as two cores can read it."""
SWITCHES = 6
SOON = 0.1
"""Seconds that a switch may take."""

SHOWN = {
    "costs": ("conversation.metered", "SELECT coalesce(sum(calls), 0) FROM costs WHERE tenant = %(tenant)s"),
    "transcript": (
        "conversation.answered",
        "SELECT count(*) FROM interactions WHERE tenant = %(tenant)s AND status = 'answered'",
    ),
}
"""Projection → a topic, and what says how many such events it has seen."""


class Reader:
    """Looks at a read model again and again, as the application does."""

    def __init__(self, database: Database, projection: str, tenant: UUID) -> None:
        self._database, self._projection, self._tenant = database, projection, tenant
        self._position = self._count = 0
        self.slowest = 0.0

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(0.02)

    async def look(self) -> None:
        topic, number = SHOWN[self._projection]
        cursor = "SELECT seq FROM cursors WHERE tenant = %(tenant)s AND projection = %(projection)s"
        new = (
            "SELECT count(*) FROM events "
            "WHERE tenant = %(tenant)s AND topic = %(topic)s AND seq > %(after)s AND seq <= %(until)s"
        )
        values = {"tenant": self._tenant, "projection": self._projection, "topic": topic}
        async with self._database.tenant(self._tenant) as connection:
            began = time.perf_counter()  # one statement, for one sight of both
            found = await connection.execute(f"SELECT ({cursor}), ({number})".encode(), values, prepare=True)
            position, shown = await found.fetchone() or (0, 0)
            self.slowest = max(self.slowest, time.perf_counter() - began)
            values |= {"after": self._position, "until": position}
            (more,) = await (await connection.execute(new.encode(), values)).fetchone() or (0,)
        assert position >= self._position, "an older state came after a newer one"
        self._position, self._count = position, self._count + more
        assert shown == self._count, f"{self._projection} at {position} shows {shown} of {self._count}"


async def test_readers_see_whole_models_and_wait_for_moments(share: float) -> None:
    tenants = [uuid4() for _ in range(TENANTS)]
    with tempfile.TemporaryDirectory(prefix="retrace-switch-") as folder, servers(Path(folder)) as running:
        url = running.database_url
        await migrate(cell(url))
        await fill(url, tenants, round(EVENTS * share))
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": running.redis_url or "",
            "RETRACE_MASTER_KEY": base64.b64encode(MASTER).decode(),
            "PYTHONPATH": str(ROOT),
        }
        with processes(environment, [["interfaces.cli", "projector"]], signal.SIGTERM):
            await at_the_end(url, TENANTS)
            writer = ["tests.soak.writer", url, "3600", str(PAUSE), *map(str, tenants)]
            async with readers(url, tenants) as looking:
                with processes(environment, [writer] * WRITERS, signal.SIGKILL):
                    for projection in SHOWN:
                        await rebuilt_and_switched(
                            environment, projection, looking, max(2, round(SWITCHES * share))
                        )
                await at_the_end(url, TENANTS)
                for reader in looking:
                    await reader.look()
            for projection in SHOWN:
                assert "0 of" in await run(environment, "rebuild", projection, "--compare")


async def rebuilt_and_switched(
    environment: Mapping[str, str], projection: str, looking: Sequence[Reader], switches: int
) -> None:
    compared = await run(environment, "rebuild", projection, "--compare")
    assert re.search(r"^0 of [1-9]\d* rows differ", compared, re.MULTILINE), compared
    usual = max(reader.slowest for reader in looking)
    for reader in looking:
        reader.slowest = 0.0
    took = []
    for number in range(switches):
        said = await switched(environment, projection, *["--back"] * (number % 2))
        took.append(float(re.findall(r"switched in (\d+) ms", said)[0]) / 1000)
    slowest = max(reader.slowest for reader in looking)
    print(
        f"{projection}: {compared.splitlines()[-1]}; switched in {', '.join(f'{t * 1000:.0f}' for t in took)} ms; "
        f"slowest read {slowest * 1000:.0f} ms, during the rebuild {usual * 1000:.0f} ms"
    )
    assert max(took) < SOON


async def switched(environment: Mapping[str, str], projection: str, *back: str) -> str:
    """The copy is kept up by a projector, which on a busy machine may need a moment."""
    async with asyncio.timeout(120):
        while True:
            try:
                return await run(environment, "switch", projection, *back)
            except AssertionError as refused:
                if "is not caught up" not in str(refused):
                    raise
            await asyncio.sleep(0.5)


async def fill(url: str, tenants: Sequence[UUID], events: int) -> None:
    left = iter(range(-(-events // (5 * EXCHANGES))))

    async def some() -> None:
        for number in left:
            conversation = begun()
            for _ in range(EXCHANGES):
                exchange(conversation)
            await log.store.save(conversation, context=context(tenants[number % len(tenants)]))

    async with log_on(url) as log:
        await asyncio.gather(*(some() for _ in range(4)))


@asynccontextmanager
async def readers(url: str, tenants: Sequence[UUID]) -> AsyncIterator[Sequence[Reader]]:
    """Two of each read model. What one of them finds ends the test at once."""
    async with Database(cell(url), size=4) as database, asyncio.TaskGroup() as group:
        looking = [Reader(database, name, tenant) for name in SHOWN for tenant in tenants[:2]]
        tasks = [group.create_task(reader.run()) for reader in looking]
        yield looking
        await cancel_and_wait(*tasks)


@contextmanager
def processes(
    environment: Mapping[str, str], commands: Sequence[Sequence[str]], end: signal.Signals
) -> Iterator[None]:
    """Modules with their arguments, run until this is left."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", *command],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        yield
        assert all(process.poll() is None for process in started)
    finally:
        for process in started:
            process.send_signal(end)
        for process in started:
            process.wait(30)


async def run(environment: Mapping[str, str], *words: str) -> str:
    """What `retrace projections …` said; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "interfaces.cli", "projections", *words,
        env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()
