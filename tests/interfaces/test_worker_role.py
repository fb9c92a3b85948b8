"""The role `retrace worker` as a process."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from pathlib import Path
from uuid import UUID, uuid4

from tests.infra.work.rows import Rows


async def test_the_role_does_what_is_due_and_stops_cleanly_when_told(
    database_url: str, tmp_path: Path
) -> None:
    rows = await Rows.connect(database_url)
    await rows.owe(UUID(int=1), "answer", uuid4().hex)  # of a conversation that does not exist
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "RETRACE_DATA": str(tmp_path),
        "RETRACE_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "interfaces.cli", "worker", env=environment
    )
    try:
        async with asyncio.timeout(30):
            while not (await rows.one("coalesce(error, '')")).startswith("NotFound"):
                assert child.returncode is None
                await asyncio.sleep(0.05)
        child.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert await rows.get("attempts, holder, parked_at") == [(1, None, None)]
    await rows.connection.close()
