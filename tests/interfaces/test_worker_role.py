"""The role `retrace worker` as a process."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from pathlib import Path
from uuid import UUID, uuid4

from application.operations.work import Item, Kind
from infra.postgres.database import Database
from infra.redis.wakeups import Hints
from interfaces.worker import HEAVY, workers
from tests.cells import cell
from tests.infra.work.rows import Rows
from tests.until import PATIENCE


async def test_an_answer_never_waits_for_documents_whosever_they_are(database_url: str) -> None:
    """Documents of many tenants filled all places of a worker."""
    rows = await Rows.connect(database_url)
    await rows.clear()
    hanging, answered, looked = asyncio.Event(), asyncio.Event(), asyncio.Event()
    busy: list[UUID] = []

    async def process(item: Item) -> None:
        busy.append(item.tenant)
        await hanging.wait()

    async def answer(item: Item) -> None:
        answered.set()
        await hanging.wait()

    async def look(item: Item) -> None:
        looked.set()

    kinds = {
        "process_document": Kind(handler=process, places="heavy"),
        "answer": Kind(handler=answer),
        "rollout": Kind(handler=look, places="watch"),
    }
    for tenant in range(1, 9):
        for number in range(4):
            await rows.owe(UUID(int=tenant), "process_document", str(number))
    async with Database(cell(database_url), role="retrace_runner", size=4) as system:
        both = workers(kinds, system, Hints(), 4)
        running = [asyncio.create_task(worker.run()) for worker in both]
        try:
            async with asyncio.timeout(PATIENCE):
                while len(busy) < HEAVY:
                    await asyncio.sleep(0.02)
                await rows.owe(UUID(int=1), "answer", "now")
                await answered.wait()
                for number in range(8):
                    await rows.owe(UUID(int=1), "answer", str(number))
                await rows.owe(UUID(int=1), "rollout", "full_agent")
                await looked.wait()
            assert len(set(busy)) == HEAVY, "no tenant has more than one"
        finally:
            hanging.set()
            for worker in both:
                worker.stop()
            await asyncio.gather(*running)
    await rows.clear()
    await rows.connection.close()


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
        async with asyncio.timeout(PATIENCE):
            while not (await rows.one("coalesce(error, '')")).startswith("NotFound"):
                assert child.returncode is None
                await asyncio.sleep(0.05)
        child.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert await rows.get("attempts, holder, parked_at") == [(1, None, None)]
    await rows.connection.close()
