"""Real servers from Python packages, for whoever has none: started below one data folder, kept alive, stopped with us."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import FolderInUse, prepare_folder, warn
from infra.embedded.redis import EmbeddedRedis
from infra.waits import Waits, silently

Say = Callable[[str], None]


class Servers:
    """URLs of the servers in use; those that are ours are started again by `ensure` when they have died."""

    def __init__(
        self, database_url: str, redis_url: str | None, ours: list[EmbeddedPostgres | EmbeddedRedis]
    ) -> None:
        self.database_url = database_url
        self.redis_url = redis_url
        self.ours = ours

    def ensure(self) -> list[str]:
        """Start again what has died; the names of what was started. Raises ServerFailed.

        Call it from the thread that started the servers, or from one that stays: they end with it.
        """
        started = []
        for server in self.ours:
            if not server.alive():
                server.start()
                started.append("PostgreSQL" if isinstance(server, EmbeddedPostgres) else "Redis")
        return started


@contextmanager
def servers(
    folder: Path,
    database_url: str | None = None,
    redis_url: str | None = None,
    *,
    say: Say = warn,
    waits: Waits = silently,
) -> Iterator[Servers]:
    """Start what has no URL, below `folder`. `say` hears what was done that a person should know. Raises FolderUnusable, FolderInUse, ServerFailed."""
    ours: list[EmbeddedPostgres | EmbeddedRedis] = []
    with nullcontext() if database_url and redis_url else _claimed(folder):
        try:
            if database_url is None:
                postgres = EmbeddedPostgres(folder, say)
                ours.append(postgres)
                with waits("PostgreSQL" if postgres.made else "PostgreSQL, whose files are made once"):
                    database_url = postgres.start()
            if redis_url is None:
                redis = EmbeddedRedis(folder)
                with waits("Redis"):
                    redis_url = redis.start()
                if redis_url is not None:
                    ours.append(redis)
            yield Servers(database_url, redis_url, ours)
        finally:
            for server in reversed(ours):
                server.stop()


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it however we end."""
    prepare_folder(folder)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.read(handle, 20).decode(errors="replace").strip()
            raise FolderInUse(f"{folder}: {FolderInUse.__doc__}{who and f' It is process {who}.'}") from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)
