"""The server that a bench runs against: PostgreSQL of our own in a temporary folder, a fresh database for every run."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from bench.parts import MASTER
from infra.embedded import servers
from infra.postgres.cell import Cell
from infra.schema.migrate import migrate


class Server:
    """`url` is the migrated, empty database that the others are copied from."""

    def __init__(self, url: str, redis_url: str | None) -> None:
        self.url = url
        self.redis_url = redis_url
        self.admin = url.replace("/retrace?", "/postgres?")
        self.sockets = urlsplit(url).query.removeprefix("host=")
        self._numbers = itertools.count(1)
        with psycopg.connect(self.admin) as connection:
            row = connection.execute("SHOW server_version").fetchone()
        assert row is not None
        self.version = str(row[0])

    @contextmanager
    def fresh(self, template: str = "retrace") -> Iterator[str]:
        """URL of a new copy of the migrated database (or of another `template`, as template1), dropped at the end."""
        name = f"bench_{next(self._numbers)}"
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url.replace("/retrace?", f"/{name}?")
        finally:
            with psycopg.connect(self.admin, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def checkpoint(self) -> None:
        """So that the write-back of one contestant does not fall into the time of the next."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute("CHECKPOINT")


@contextmanager
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder, servers(Path(folder)) as running:
        asyncio.run(migrate(Cell(running.database_url, MASTER)))
        yield Server(running.database_url, running.redis_url)
