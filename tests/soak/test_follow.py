"""Two projector and four writer processes at once: no event skipped, none applied twice, checked against the log."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.embedded import servers
from infra.schema.migrate import migrate
from tests.cells import cell
from tests.infra.log.parts import MASTER, log_on
from tests.infra.projections.parts import projecting, rows
from tests.soak.following import at_the_end

pytestmark = pytest.mark.soak
ROOT = Path(__file__).parents[2]
SECONDS = 60


async def test_two_projectors_follow_four_writers(share: float) -> None:
    tenants = [uuid4() for _ in range(5)]
    with tempfile.TemporaryDirectory(prefix="retrace-follow-") as folder, servers(Path(folder)) as running:
        await migrate(cell(running.database_url))
        environment = {
            **os.environ,
            "DATABASE_URL": running.database_url,
            "REDIS_URL": running.redis_url or "",
            "RETRACE_MASTER_KEY": base64.b64encode(MASTER).decode(),
            "PYTHONPATH": str(ROOT),
        }
        role = [sys.executable, "-m", "interfaces.cli", "projector"]
        projectors = [subprocess.Popen(role, env=environment, stderr=subprocess.DEVNULL) for _ in range(2)]
        try:
            write = [
                sys.executable,
                "-m",
                "tests.soak.writer",
                running.database_url,
                str(max(5, SECONDS * share)),
                "0",
            ]
            writers = [
                subprocess.Popen(
                    [*write, *map(str, tenants)], env=environment, stdout=subprocess.PIPE, text=True
                )
                for _ in range(4)
            ]
            saved: Counter[UUID] = Counter()
            for output in await asyncio.gather(*(asyncio.to_thread(w.communicate) for w in writers)):
                for part in output[0].split():
                    tenant, count = part.split(":")
                    saved[UUID(tenant)] += int(count)
            assert all(writer.returncode == 0 for writer in writers)
            await at_the_end(running.database_url, len(tenants))
        finally:
            for projector in projectors:
                projector.terminate()
            codes = [projector.wait(20) for projector in projectors]
        assert codes == [0, 0]
        print(f"{sum(saved.values())} answers by four writers")
        await verify(running.database_url, tenants, saved)


async def verify(url: str, tenants: list[UUID], saved: Counter[UUID]) -> None:
    async with log_on(url) as log:
        live = {tenant: await rows(log, tenant) for tenant in tenants}
        with psycopg.connect(url, autocommit=True) as superuser:
            for tenant in tenants:
                topics = "SELECT count(*), max(seq) FROM retrace.events WHERE tenant = %s"
                count = superuser.execute(topics, [tenant]).fetchone()
                assert count is not None
                assert count[0] == count[1]
                calls = superuser.execute(
                    "SELECT sum(calls) FROM retrace.costs WHERE tenant = %s", [tenant]
                ).fetchone()
                assert calls == (saved[tenant],)
            names = {name for found in live.values() for name in found}
            for name in (*names, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name}".encode())
        async with projecting(log) as projector:
            await projector.catch_up()
        for tenant in tenants:
            assert await rows(log, tenant) == live[tenant]
