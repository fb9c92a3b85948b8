"""Runs a module over hostile input in a child process with bounds on time, memory, output and what it can see.

The children are forked from a process that has none of our environment, for keys lie there (`infra/retrieval/forking.py`).
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from math import ceil
from pathlib import Path
from typing import Any

from application.base.tasks import cancel_and_wait
from application.ports import Unavailable
from infra.retrieval.forking import Header, Unreadable
from infra.retrieval.sandbox_pipes import SandboxFailed, fault_of, feed, results_of, verdict_of

__all__ = ["Sandbox", "SandboxFailed", "Unreadable"]

ROOT = Path(__file__).parents[2]

PATIENCE = 10
"""How many times as long as its processor's time a child may take by the clock: it is nice, and others may be busy."""

ENDING = 10.0
"""Seconds within which the server is to say that a child has ended."""

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
"""What forks has no threads beside it."""


class Sandbox:
    """Children that have `modules` loaded. The process that forks them is started when it is first needed."""

    def __init__(self, *modules: str, at_once: int = 2) -> None:
        """`at_once`: jobs of this process; others wait."""
        self._modules = modules
        self._free = asyncio.Semaphore(at_once)
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @asynccontextmanager
    async def run(
        self, module: str, content: AsyncIterable[bytes], *arguments: str, seconds: float
    ) -> AsyncIterator[AsyncIterator[Any]]:
        """What the module's `work` gives for `content`, piece by piece; `seconds` of the processor's time.

        Raises Unreadable, SandboxFailed; Unavailable if no child can be started. Leaving the block ends the child.
        """
        async with self._free:
            header = Header(module, max(1, ceil(seconds)), [*arguments])
            try:
                data, leash = self._fork()
            except OSError as error:
                raise Unavailable(
                    f"no process can be started here ({error.strerror}); try again later"
                ) from error
            reader, writer = await asyncio.open_unix_connection(sock=data)
            told, hold = await asyncio.open_unix_connection(sock=leash)
            feeding = asyncio.create_task(feed(writer, header, content))
            try:
                async with (
                    asyncio.timeout(seconds * PATIENCE) as clock,
                    aclosing(results_of(reader)) as results,
                ):
                    began = False

                    async def given() -> AsyncGenerator[Any, None]:
                        nonlocal began
                        async for result in results:
                            if began:
                                yield result
                            began = True
                        said = await told.read()
                        if (error := fault_of(feeding) or verdict_of(said, header, began)) is not None:
                            raise error

                    async with aclosing(given()) as pieces:
                        yield pieces
            except TimeoutError:
                if not clock.expired():
                    raise
                raise SandboxFailed(f"it took longer than {seconds * PATIENCE:g} s") from None
            finally:
                await cancel_and_wait(feeding)
                writer.close()
                if hold.can_write_eof():
                    with suppress(OSError):
                        hold.write_eof()  # ends the child
                with suppress(TimeoutError, OSError):
                    async with asyncio.timeout(ENDING):
                        await told.read()
                hold.close()

    async def ask(self, module: str, content: AsyncIterable[bytes], *arguments: str, seconds: float) -> Any:
        """All that `run` gives, as a list."""
        async with self.run(module, content, *arguments, seconds=seconds) as results:
            return [result async for result in results]

    async def close(self) -> None:
        """End the process that forks, and with it all children."""
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            await asyncio.to_thread(self._server.wait)
        self._server = self._control = None

    def _fork(self) -> tuple[socket.socket, socket.socket]:
        """Our ends of a new child's data and leash."""
        data, its_data = socket.socketpair()
        leash, its_leash = socket.socketpair()
        with its_data, its_leash:
            for again in (False, True):
                try:
                    socket.send_fds(self._started(), [b"x"], [its_data.fileno(), its_leash.fileno()])
                    break
                except (BrokenPipeError, ConnectionResetError):
                    if again:
                        raise
                    self._dropped()
        for each in (data, leash):
            each.setblocking(False)
        return data, leash

    def _started(self) -> socket.socket:
        if self._control is None:
            ours, its = socket.socketpair()
            with its:
                self._server = subprocess.Popen(
                    [sys.executable, "-m", "infra.retrieval.forking", *self._modules],
                    stdin=its.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=ENVIRONMENT,
                    cwd=ROOT,
                )
            self._control = ours
        return self._control

    def _dropped(self) -> None:
        """The server died; the next job starts another."""
        assert self._control is not None
        assert self._server is not None
        self._control.close()
        self._server.wait()
        self._server = self._control = None
