"""The writer's connection, under the event loop that the roles run on."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg
import uvloop
from psycopg.pq.abc import PGresult

from infra.embedded.postgres import EmbeddedPostgres
from infra.log.arguments import pack
from infra.log.line import Line
from infra.postgres.session import connect
from infra.schema.migrate import migrate
from tests.cells import cell
from tests.until import PATIENCE, until


class Heard:
    """What a line tells."""

    def __init__(self) -> None:
        self.landed: list[str] = []
        self.lost: Sequence[str] = ()
        self.broken = asyncio.Event()

    def on_landed(self, batch: str, result: PGresult) -> None:
        self.landed.append(batch)

    def on_broken(self, lost: Sequence[str], error: Exception) -> None:
        assert isinstance(error, psycopg.OperationalError)
        self.lost = lost
        self.broken.set()


def there(line: Line[str], event: int) -> None:
    """Wait for it, the loop standing still."""
    looking = select.poll()
    looking.register(line._pgconn.socket, event)
    assert any(found & event for _, found in looking.poll(PATIENCE * 1000))


async def killed_with_an_answer_unread(url: str) -> None:
    """The server ends with one batch answered and another one not even looked at: its end has an error and data at once."""
    await migrate(cell(url))
    heard = Heard()
    line: Line[str] = Line(await connect(cell(url), "retrace_writer"), heard.on_landed, heard.on_broken)
    line.open()
    line.send("first", pack([]))
    await until(lambda: heard.landed)
    backend = line._pgconn.backend_pid
    line.send("answered", pack([]))
    there(line, select.POLLIN)  # the answer, and nobody has read it
    os.kill(backend, signal.SIGSTOP)
    line.send("in the air", pack([]))
    os.kill(backend, signal.SIGKILL)
    there(line, select.POLLHUP | select.POLLRDHUP)
    async with asyncio.timeout(PATIENCE):
        await heard.broken.wait()
    assert heard.landed == ["first", "answered"]
    assert heard.lost == ["in the air"]


def test_a_line_hears_of_its_end_also_when_an_answer_comes_with_it() -> None:
    with tempfile.TemporaryDirectory(prefix="retrace-line-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        postgres.start()
        try:
            uvloop.run(killed_with_an_answer_unread(postgres.url))
        finally:
            postgres.stop()
