"""A process that goes on as another program (exec): the plan in a file without a name, and the fork server that it has begun. Its number and its children stay."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from typing import IO, NamedTuple, NoReturn

from interfaces.processes.plan import Plan, of_plain, plain

HELD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that come meanwhile wait for the one that it becomes."""

PROGRAM = "interfaces.processes.program"


class Handed(NamedTuple):
    plan: Plan
    fork_server: Sequence[int] | None
    """As `Forker.handed`."""


def over(handed: Handed) -> NoReturn:
    """Become `program.py`. Raises OSError."""
    with _file() as file:
        file.write(json.dumps({"plan": plain(handed.plan), "fork_server": handed.fork_server}).encode())
        file.seek(0)
        os.set_inheritable(file.fileno(), True)
        # What was called stays in its line, where lists of processes have it.
        words = [sys.executable, "-P", "-m", PROGRAM, str(file.fileno()), "retrace", *sys.argv[1:]]
        sys.stdout.flush()
        sys.stderr.flush()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
        try:
            os.execve(
                sys.executable, words, {**os.environ, "PYTHONPATH": handed.plan.environment["PYTHONPATH"]}
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def taken_over(descriptor: int) -> Handed:
    """What `over` gave. The signals are let in by whoever hears them: `let_in`."""
    with os.fdopen(descriptor, "rb") as file:
        told = json.load(file)
    return Handed(of_plain(told["plan"]), told["fork_server"])


def let_in() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)


def _file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("plan"), "w+b")
    from tempfile import TemporaryFile

    return TemporaryFile()
