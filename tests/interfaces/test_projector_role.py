"""The role `retrace projector` as a process."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from pathlib import Path
from uuid import UUID, uuid4

from application.tenancy.tenant import CreateTenant, create_tenant
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services


async def cursors(parts: Services, tenant: UUID) -> int:
    async with parts.system.system() as connection:
        cursor = await connection.execute("SELECT count(*) FROM cursors WHERE tenant = %s", [tenant])
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def made(parts: Services) -> UUID:
    command = CreateTenant(name=str(uuid4()))
    return (
        await create_tenant(command, actor="test", store=parts.store, clock=parts.clock, ids=parts.ids)
    ).tenant


async def test_the_role_follows_the_log_until_it_is_told_to_stop(database_url: str, tmp_path: Path) -> None:
    """Without a port for its metrics it ended as soon as it had begun, and was started again for ever."""
    master = base64.b64encode(os.urandom(32)).decode()
    settings = Settings(database_url=Secret(database_url), data=tmp_path, master_key=Secret(master))
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "RETRACE_DATA": str(tmp_path),
        "RETRACE_MASTER_KEY": master,
        "RETRACE_METRICS_PORT": "",
    }
    async with services(settings, pool=2) as parts:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "interfaces.cli", "projector", env=environment
        )
        try:
            async with asyncio.timeout(90):
                for _ in range(2):  # the second one when it has long begun
                    tenant = await made(parts)
                    while not await cursors(parts, tenant):
                        assert child.returncode is None, "it ended by itself"
                        await asyncio.sleep(0.05)
                child.send_signal(signal.SIGTERM)
                assert await child.wait() == 0
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
