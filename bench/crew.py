"""Worker processes of one contestant: started together, let go together, watched through shared memory."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event, Semaphore
from typing import Any, Protocol

START = 60.0
"""Seconds that worker processes are given to connect."""
DRAIN = 120.0
"""Seconds after which a drain counts as hung."""

_spawn = multiprocessing.get_context("spawn")


class Shared:
    """What a worker process tells: `done` items so far, and the moment at which the last one began (`time.monotonic`)."""

    def __init__(self) -> None:
        self.done: Synchronized[int] = _spawn.Value("q", 0)
        self.began_at: Synchronized[float] = _spawn.Value("d", 0.0)
        self.ready: Semaphore = _spawn.Semaphore(0)
        self.go: Event = _spawn.Event()

    def work(self) -> None:
        """The item's whole work."""
        self.began_at.value = time.monotonic()
        with self.done.get_lock():
            self.done.value += 1

    def wait(self) -> None:
        """Called by a worker that is connected: until all of them are."""
        self.ready.release()
        self.go.wait()


class Contestant(Protocol):
    """A module: how its tables are made, filled and looked at, what a worker process runs, and how one item is sent."""

    NAME: str
    LEFT: str
    """Query: whether anything is not finished yet."""

    async def install(self, url: str) -> None: ...
    async def fill(self, url: str, count: int) -> None: ...
    def work(self, url: str, redis_url: str | None, shared: Shared) -> None: ...
    def sending(
        self, url: str, redis_url: str | None
    ) -> AbstractAsyncContextManager[Callable[[], Awaitable[Any]]]: ...


@contextmanager
def crew(work: Callable[..., None], count: int, url: str, redis_url: str | None) -> Iterator[Shared]:
    """`count` processes that are connected and wait for `go`; killed at the end."""
    shared = Shared()
    processes: list[BaseProcess] = [
        _spawn.Process(target=work, args=(url, redis_url, shared), daemon=True) for _ in range(count)
    ]
    try:
        for process in processes:
            process.start()
        for _ in processes:
            if not shared.ready.acquire(timeout=START):
                raise TimeoutError("a worker process did not connect")
        yield shared
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()


def wait_until(ready: Callable[[], bool], step: float) -> float:
    """The moment (`time.monotonic`) at which `ready` was seen, looked for every `step` seconds."""
    deadline = time.monotonic() + DRAIN
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError("the workers do not come to an end")
        time.sleep(step)
    return time.monotonic()
