"""The processes of the roles, as the supervisor has them started: each by itself, or forked from one that has loaded them all."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from infra.embedded.process import Process, adopt_orphans, end, spawn
from interfaces.processes.copying import Copy, alone, copy
from interfaces.processes.orders import LARGEST, Order

Command = Callable[[str], Sequence[str]]
PATIENCE = 120.0
"""Seconds in which the fork server has to have loaded everything."""

FORKS = sys.platform == "linux"
"""Elsewhere forking is not safe, or a process can't be held by a descriptor."""


def role_command(role: str) -> Sequence[str]:
    return (sys.executable, "-P", "-m", "interfaces.cli", role)


class NotLoaded(OSError):
    """The fork server does not come up."""

    def __init__(self, log: Path) -> None:
        super().__init__(errno.EAGAIN, f"the roles can't be loaded; see {log}")


class Starter(Protocol):
    """Starts roles."""

    def start(self, role: str, log: Path, environment: Mapping[str, str]) -> Process:
        """Raises OSError."""

    def rest(self) -> None:
        """All roles are there; one that dies from now on may take longer to come back."""


class Spawner:
    """Each role is a program of its own."""

    def __init__(self, command: Command = role_command) -> None:
        self._command = command

    def start(self, role: str, log: Path, environment: Mapping[str, str]) -> Process:
        return spawn(self._command(role), log=log, environment=environment, folder=None)

    def rest(self) -> None:
        return


class Forker:
    """Each role is at first a fork of one process, `interfaces/processes/fork_server.py`, which leaves when all are there: it would keep a copy of each page
    that the roles have changed. Its forks are our children, whether it is there or not. From then on each is a program of its own.
    """

    def __init__(self, log: Path, process: Process, control: socket.socket) -> None:
        """`process`: the fork server, a child of ours; `control`: our end of its input."""
        self._log, self._process, self._control = log, process, control
        self._then = Spawner()
        self._there = True

    def start(self, role: str, log: Path, environment: Mapping[str, str]) -> Process:
        if not self._there:
            return self._then.start(role, log, environment)
        adopt_orphans(True)  # another one of this process may have left since
        with suppress(BrokenPipeError):
            self._control.send(Order(os.getpid(), role, str(log), dict(environment)).packed())
        with suppress(ConnectionResetError):
            if select.select([self._control], [], [], PATIENCE)[0] and (said := self._control.recv(LARGEST)):
                return Copy(int(said))
        self.rest()  # it may be at it still
        raise NotLoaded(self._log)

    def rest(self) -> None:
        if self._there:
            self._there = False
            self._control.close()
            end(self._process, signal.SIGTERM)
            adopt_orphans(False)

    @property
    def handed(self) -> tuple[int, int]:
        """By which `taken` has it again in what this process becomes by exec: the fork server's number and the descriptor of its input."""
        self._control.set_inheritable(True)
        return self._process.pid, self._control.fileno()


def taken(log: Path, handed: Sequence[int]) -> Forker:
    """What `Forker.handed` gave."""
    pid, descriptor = handed
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    return Forker(log, Copy(pid), control)


def forker(log: Path, environment: Mapping[str, str], *, copied: bool = False) -> Forker | None:
    """With a fork server that begins to load; it is not waited for. None where this system can't have one. Raises OSError.

    `copied`: it is a copy of this process, in the main thread of which it is made, and so is there sooner.
    """
    if not FORKS or not adopt_orphans(True):
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
    try:
        with theirs:
            begin = _copied if copied and alone() else _spawned
            return Forker(log, begin(log, environment, theirs.fileno()), ours)
    except BaseException:
        adopt_orphans(False)
        ours.close()
        raise


def _spawned(log: Path, environment: Mapping[str, str], stdin: int) -> Process:
    command = (sys.executable, "-m", "interfaces.processes.fork_server")
    return spawn(command, log=log, environment=environment, folder=None, stdin=stdin)


def _copied(log: Path, environment: Mapping[str, str], stdin: int) -> Process:
    def run() -> None:
        from interfaces.processes import fork_server

        fork_server.run()

    return copy(run, log=log, environment=environment, stdin=stdin)


@contextmanager
def starting(log: Path, environment: Mapping[str, str], command: Command | None) -> Iterator[Starter]:
    """What starts the roles: each by its command, or as a fork where the system can have that."""
    starter: Starter | None = None if command else forker(log, environment)
    starter = starter or Spawner(command or role_command)
    try:
        yield starter
    finally:
        starter.rest()
