"""A worker in a process of its own, for tests that kill it: `python -m tests.infra.work.process URL`.

Its only kind of work, `hang`, says that it has begun and does not end. SIGTERM stops it.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from application.operations.work import Item, Kind
from infra.postgres.database import Database
from infra.redis.wakeups import Hints
from infra.work.rows import Work
from infra.work.worker import Worker
from tests.cells import cell


async def hang(item: Item) -> None:
    sys.stdout.write(f"{item.key}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def main(url: str) -> None:
    async with Database(cell(url), role="retrace_runner", size=4) as database:
        kinds = {"hang": Kind(handler=hang, lease=1.0)}
        worker = Worker(Work(database), kinds, Hints(), concurrency=4, grace=0.2)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
