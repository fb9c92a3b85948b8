"""All roles in one process tree: servers, where they are ours, and a child process for each role. What dies is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import msgspec
from rich.console import Console

from infra.embedded import Servers, servers
from infra.embedded.process import ServerFailed, end_all, spawn
from infra.embedded.room import LEAST, room
from infra.settings import Secret, Settings, environment_of, master_text
from interfaces import running as running_note
from interfaces.supervisor_metrics import Figures, metrics_port, telling

ROLES = ("serve", "worker", "projector")
READY = 60.0
"""Seconds that the roles are given to come up."""
GRACE = 25.0
"""Seconds that the roles are given to finish or give back what they hold."""
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a child that keeps dying is started again: after its first death, its second …"""
SERVER_PAUSE = 5.0
"""Seconds before a server that did not come up again is tried once more."""
STEADY = 60.0
"""Seconds after which a child's earlier deaths are forgotten."""

Say = Callable[[str], None]
Command = Callable[[str], Sequence[str]]


class NotReady(Exception):
    """The HTTP role did not come up; its log tells why."""


def announce(line: str) -> None:
    Console(highlight=False).print(line, markup=False, soft_wrap=True)


def role_command(role: str) -> Sequence[str]:
    return (sys.executable, "-m", "interfaces.cli", role)


class Tree:
    """The running roles. `look` is to be called now and then; it starts again what has died."""

    def __init__(
        self,
        settings: Settings,
        running: Servers,
        environment: Mapping[str, str],
        say: Say,
        command: Command = role_command,
    ) -> None:
        self.settings = settings
        self.url = reachable(settings)
        self.database_url = running.database_url
        self._servers = running
        self._environment = environment
        self._say = say
        self._command = command
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, float] = {}
        self._deaths: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._servers_due = 0.0
        self._known_failure = ""
        self._full = False
        self.figures = Figures()

    def start(self, role: str) -> None:
        self._started[role] = time.monotonic()
        environment = {**self._environment, **metrics_port(self.settings, role)}
        self._children[role] = spawn(
            self._command(role), log=self.log_of(role), environment=environment, folder=None
        )
        self.figures.started(role)

    def wait_ready(self, told: Callable[[], bool] = lambda: False) -> None:
        """Until the HTTP role can serve, or `told` to stop. Raises NotReady."""
        deadline = time.monotonic() + READY
        while "serve" in self._children and not told():
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200:
                    return
            if self._children["serve"].poll() is not None or time.monotonic() > deadline:
                log = self.log_of("serve")
                raise NotReady(f"the HTTP role did not come up on {self.url}{_why(log)}; see {log}")
            time.sleep(0.05)

    def look(self) -> None:
        """Start again what has died; a child that keeps dying less and less often. Say so when the disk is full."""
        self._look_at_room()
        self._look_at_servers()
        for role, child in self._children.items():
            self.figures.looked(role, alive=child.poll() is None)
        for role, child in list(self._children.items()):
            if child.poll() is None:
                continue
            if role not in self._due:
                pause = self._pause(role)
                self._due[role] = time.monotonic() + pause
                when = f"in {pause:.0f} s" if pause else "now"
                how = (
                    f"status {child.returncode}"
                    if child.returncode >= 0
                    else signal.Signals(-child.returncode).name
                )
                self._say(f"{role} ended ({how}) and is started again {when}; its log: {self.log_of(role)}")
            if time.monotonic() >= self._due[role]:
                try:
                    self.start(role)
                except OSError as error:  # no room for its log, no process to be had
                    self._due[role] = time.monotonic() + PAUSES[-1]
                    self._say(
                        f"{role} can't be started ({error.strerror}); tried again in {PAUSES[-1]:.0f} s"
                    )
                else:
                    del self._due[role]

    def stop(self) -> None:
        """Ask all roles to end, then see to it."""
        end_all(self._children.values(), GRACE)

    def pid_of(self, role: str) -> int:
        return self._children[role].pid

    def log_of(self, role: str) -> Path:
        return self.settings.data / "logs" / f"{role}.log"

    def _look_at_servers(self) -> None:
        if time.monotonic() < self._servers_due:
            return
        try:
            for name in self._servers.ensure():
                self._say(f"{name} had died and was started again")
                self.figures.started(name)
            self._known_failure = ""
        except (ServerFailed, OSError) as error:
            self._servers_due = time.monotonic() + SERVER_PAUSE
            reason = error.reason if isinstance(error, ServerFailed) else str(error)
            if not reason or reason != self._known_failure:  # a full disk may stay full for hours
                self._say(f"{error}\nIt is tried again every {SERVER_PAUSE:.0f} s.")
            self._known_failure = reason

    def _look_at_room(self) -> None:
        """A server without room may end and start by itself all the time, and says so in its own log only."""
        try:
            left = room(self.settings.data)
            self.figures.disk.set(left)
        except FileNotFoundError:  # there is no folder where all servers are elsewhere
            return
        if not self._full and left < LEAST:
            self._full = True
            self._say(
                f"the disk is full: {self.settings.data} has {left // 2**20} MB left; "
                "writes are refused, and the database may end, until there is room"
            )
        elif self._full and left > 2 * LEAST:
            self._full = False
            self._say(f"there is room again: {self.settings.data} has {left // 2**20} MB left")

    def _pause(self, role: str) -> float:
        lived = time.monotonic() - self._started[role]
        self._deaths[role] = 1 if lived > STEADY else self._deaths.get(role, 0) + 1
        return PAUSES[min(self._deaths[role], len(PAUSES)) - 1]


def _why(log: Path) -> str:
    """What the command line said last, where that is what a role ended with."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    said = lines[-1] if lines else ""
    return f": {said.removeprefix('retrace: ')}" if said.startswith("retrace: ") else ""


@contextmanager
def tree(
    settings: Settings,
    say: Say = announce,
    roles: Sequence[str] = ROLES,
    command: Command = role_command,
) -> Iterator[Tree]:
    """Start everything; at the end stop everything. Raises FolderInUse, ServerFailed, InvalidSettings.

    To be entered in a thread that stays until the end (see `die_with_parent`).
    """
    key = settings.master()
    with servers(settings.data, settings.database_url, settings.redis_url) as running:
        if running.redis_url is None:
            say("there is no Redis: going on without caches and hints, a little slower")
        there = msgspec.structs.replace(
            settings,
            database_url=Secret(running.database_url),
            redis_url=Secret(running.redis_url) if running.redis_url else None,
            # As it was given: what a service has sealed stays sealed on the way to the roles.
            master_key=settings.master_key or master_text(key),
            data=settings.data.resolve(),
        )
        here = str(Path(__file__).parent.parent)
        path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, **environment_of(there), "PYTHONPATH": path}
        started = Tree(settings, running, environment, say, command)
        try:
            with telling(settings, started.figures, say):
                for role in roles:
                    started.start(role)
                running_note.note(
                    there.data,
                    url=started.url,
                    roles=tuple(roles),
                    database=running.database_url,
                    redis=running.redis_url,
                    master=key,
                )
                yield started
        finally:
            started.stop()
            running_note.forget(there.data)


def up(
    settings: Settings,
    say: Say = announce,
    ready: Callable[[Tree], None] | None = None,
    roles: Sequence[str] = ROLES,
    command: Command = role_command,
) -> None:
    """Run until SIGTERM, SIGINT or SIGHUP; call in the main thread. `ready` is called once the roles can serve."""
    told = False

    def tell(*_: object) -> None:
        nonlocal told
        told = True

    before = {
        number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    try:
        with tree(settings, say, roles, command) as running:
            running.wait_ready(lambda: told)
            if ready is not None and not told:
                ready(running)
            while not told:
                time.sleep(0.25)
                running.look()
            say("stopping")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def reachable(settings: Settings) -> str:
    """The HTTP role's URL as seen from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
