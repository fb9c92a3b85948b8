"""A Citus of a test's own, any node of which may be killed: a coordinator and two workers, by the programs that run the one of CITUS_URL."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from tests.citus import SHARDS, url
from tests.ports import free_port
from tools import citus as tool

WORKERS = 2
SETTINGS = {
    "citus.recover_2pc_interval": "2s",  # what a killed coordinator has left prepared holds its rows until then
    "max_connections": "200",
    "max_prepared_transactions": "200",
}
DATABASE = "retrace"


def programs() -> Path:
    """The folder of PostgreSQL's programs, as the Citus of CITUS_URL says it."""
    coordinator = url()
    assert coordinator is not None
    with psycopg.connect(coordinator) as connection:
        row = connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone()
    assert row is not None
    return Path(row[0])


@dataclass
class OwnCitus:
    """Place 0 is the coordinator."""

    bins: Path
    folder: Path
    ports: range
    user: str | None
    running: list[subprocess.Popen[bytes]]
    password: str | None

    @property
    def url(self) -> str:
        """The superuser's, at the coordinator."""
        return tool.url(self.ports[0], DATABASE, self.password)

    def start(self, place: int) -> subprocess.Popen[bytes]:
        data = self.folder / f"node{place}"
        return tool.start(self.bins, data, self.ports[place], self.user, True, SETTINGS, self.password)

    def kill(self, place: int) -> None:
        """kill -9 of the whole server, at once."""
        server = psutil.Process(self.running[place].pid)
        for process in (server, *server.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.running[place].wait()

    def restart(self, place: int) -> None:
        """Until it answers."""
        self.running[place] = self.start(place)
        tool.answers(self.ports[place], self.running[place], self.password)

    def kill_backend(self, place: int, chance: random.Random) -> bool:
        """kill -9 of one process that serves a session there, upon which the server ends all others and recovers. False: there was none."""
        try:
            with psycopg.connect(
                tool.url(self.ports[place], password=self.password), connect_timeout=5
            ) as connection:
                query = (
                    "SELECT pid FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
                )
                found = sorted(row[0] for row in connection.execute(query, [DATABASE]).fetchall())
            os.kill(chance.choice(found), signal.SIGKILL)
        except (psycopg.OperationalError, IndexError, ProcessLookupError):
            return False
        return True


@contextmanager
def own_citus(password: str | None = None) -> Iterator[OwnCitus]:
    """`password`: the superuser's; then all have to have theirs, nodes among themselves too."""
    # Not pytest's folder: that one is closed to the user that PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="retrace-citus-") as name:
        folder, user = Path(name), None
        if os.geteuid() == 0:
            user = "postgres"
            shutil.chown(folder, user)
        first = free_port(WORKERS + 1)
        made = OwnCitus(programs(), folder, range(first, first + WORKERS + 1), user, [], password)
        try:
            for place in range(len(made.ports)):
                made.running.append(made.start(place))
            for port, process in zip(made.ports, made.running, strict=True):
                tool.answers(port, process, password)
            tool.provide(made.ports, DATABASE, password)
            with psycopg.connect(tool.url(made.ports[0], password=password), autocommit=True) as connection:
                connection.execute(f"ALTER DATABASE {DATABASE} SET citus.shard_count = {SHARDS}".encode())
            yield made
        finally:
            for place, process in enumerate(made.running):
                if process.poll() is None:
                    made.kill(place)
