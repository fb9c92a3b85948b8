"""The processes of the roles, as the supervisor holds them: started each by itself, or forked from one that has loaded them all."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from infra.embedded.process import Process, end, spawn
from interfaces.processes import fork_server
from interfaces.processes.copying import alone, copy
from interfaces.processes.fork_server import LARGEST, Begun, Ended, Order, Said

Command = Callable[[str], Sequence[str]]
PATIENCE = 120.0
"""Seconds in which the fork server has to have loaded everything."""

FORKS = sys.platform == "linux"
"""Elsewhere forking is not safe, or a process can't be held by a descriptor."""


def role_command(role: str) -> Sequence[str]:
    return (sys.executable, "-m", "interfaces.cli", role)


class NotLoaded(OSError):
    """The fork server does not come up."""

    def __init__(self, log: Path) -> None:
        super().__init__(errno.EAGAIN, f"the roles can't be loaded; see {log}")


class Starter(Protocol):
    """Starts roles."""

    def start(self, role: str, log: Path, environment: Mapping[str, str]) -> Process:
        """Raises OSError."""

    def close(self) -> None:
        """Once the children have ended."""


class Spawner:
    """Each role is a program of its own."""

    def __init__(self, command: Command) -> None:
        self._command = command

    def start(self, role: str, log: Path, environment: Mapping[str, str]) -> Process:
        return spawn(self._command(role), log=log, environment=environment, folder=None)

    def close(self) -> None:
        return


class Forker:
    """Each role is a fork of one process, `interfaces/processes/fork_server.py`, which is started again where it has died; its children end with it.

    `copied`: at first it is a copy of this process, in the main thread of which it is made, and so is there sooner and has less memory for itself.
    """

    def __init__(self, log: Path, environment: Mapping[str, str], *, copied: bool = False) -> None:
        self._log, self._environment = log, environment
        self._process: Process | None = None
        self._control: socket.socket | None = None
        self.ended: dict[int, int] = {}
        """Statuses that were told, by pid."""

        self.warm(copied=copied and alone())

    def warm(self, *, copied: bool = False) -> None:
        """Begin to load, where nobody does; it is not waited for."""
        if self._process is not None and self._process.poll() is None:
            return
        self._put_down()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
            self._process = (self._copied if copied else self._spawned)(theirs.fileno())
        self._control = ours

    def _spawned(self, stdin: int) -> Process:
        command = (sys.executable, "-m", "interfaces.processes.fork_server")
        return spawn(command, log=self._log, environment=self._environment, folder=None, stdin=stdin)

    def _copied(self, stdin: int) -> Process:
        return copy(fork_server.run, log=self._log, environment=self._environment, stdin=stdin)

    def start(self, role: str, log: Path, environment: Mapping[str, str]) -> Process:
        self.warm()
        assert self._control is not None
        order = Order(role=role, log=str(log), environment=dict(environment))
        with suppress(BrokenPipeError):
            self._control.send(msgspec.msgpack.encode(order))
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            said = self._hear(left)
            if isinstance(said, Begun):
                return Forked(said.pid, self)
            if said is None and self._process is not None and self._process.poll() is not None:
                break
        self._put_down()  # it may be at it still
        raise NotLoaded(self._log)

    def hear_all(self) -> None:
        """Take in what was told of children that have ended."""
        while self._hear(0) is not None:
            pass

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        if self._control is not None:
            self._control.close()  # which it ends by
            self._control = None
        self._put_down()

    def _hear(self, seconds: float) -> Said | None:
        """None: nothing was said in this time, or nobody is there."""
        if self._control is None:
            return None
        ready, _, _ = select.select([self._control], [], [], seconds)
        packet = b""
        if ready:
            with suppress(ConnectionResetError):
                packet = self._control.recv(LARGEST)
        if not packet:
            if ready:
                time.sleep(0.01)  # it has closed, and will be seen to have ended
            return None
        said: Said = msgspec.msgpack.decode(packet, type=Said)
        if isinstance(said, Ended):
            self.ended[said.pid] = said.status
        return said

    def _put_down(self) -> None:
        if self._process is not None:
            end(self._process, signal.SIGTERM)
        if self._control is not None:
            self._control.close()
            self._control = None


class Forked:
    """A process that is no child of ours, held by a descriptor: its number is never another one's."""

    def __init__(self, pid: int, forker: Forker) -> None:
        self.pid, self._forker = pid, forker
        self.returncode: int | None = None
        self._descriptor: int | None
        try:
            self._descriptor = os.pidfd_open(pid)
        except ProcessLookupError:  # it was born and died
            self._descriptor = None

    def poll(self) -> int | None:
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._look(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"role {self.pid}", timeout or 0)
        return status

    def send_signal(self, sig: int) -> None:
        if self.returncode is None and self._descriptor is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _look(self, seconds: float | None) -> int | None:
        if self.returncode is not None:
            return self.returncode
        if self._descriptor is not None:
            if not select.select([self._descriptor], [], [], seconds)[0]:
                return None
            os.close(self._descriptor)
            self._descriptor = None
        self.returncode = self._status()
        return self.returncode

    def _status(self) -> int:
        """As the fork server tells it; where it is gone itself, its children had SIGTERM by its end."""
        deadline = time.monotonic() + 1
        self._forker.hear_all()
        while self.pid not in self._forker.ended and self._forker.alive() and time.monotonic() < deadline:
            time.sleep(0.005)
            self._forker.hear_all()
        return self._forker.ended.pop(self.pid, -signal.SIGTERM)
