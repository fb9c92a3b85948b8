"""A child that goes on as a copy of this process (fork): what is loaded here is loaded, and lies in memory, once for both."""

from __future__ import annotations

import atexit
import gc
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from infra.embedded.process import die_with_parent, rotate

CAUGHT = (signal.SIGTERM, signal.SIGHUP)
"""Signals that mean to the copy what they mean to a new program."""


def alone() -> bool:
    """Whether this process may be copied: another thread would be missing in the copy, with what it holds at that moment."""
    return threading.active_count() == 1


def copy(run: Callable[[], None], *, log: Path, environment: Mapping[str, str], stdin: int) -> Copy:
    """Start one that does `run`, in a process group of its own, with its output in `log`, `stdin` as its input and no other descriptor of ours. It ends with us. Raises OSError."""
    rotate(log)
    us = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()  # neither of the two marks what both have, so that it stays shared
    if (pid := os.fork()) != 0:
        return Copy(pid)
    status = 1
    try:
        os.setpgid(0, 0)
        die_with_parent(us)
        for number in CAUGHT:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        for target, source in enumerate((stdin, output, output)):
            os.dup2(source, target)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.environ.clear()
        os.environ.update(environment)
        run()
        status = 0
    except SystemExit as ended:
        status = _status(ended)
    except BaseException:  # noqa: BLE001  # nothing above may go on: it is the parent's
        import traceback

        traceback.print_exc()
    finally:
        # What would follow is the parent's to do, not ours.
        with suppress(Exception):
            atexit._run_exitfuncs()
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _status(ended: SystemExit) -> int:
    """As the interpreter has it."""
    if ended.code is None or isinstance(ended.code, int):
        return (ended.code or 0) & 0xFF
    print(ended.code, file=sys.stderr)  # noqa: T201
    return 1


class Copy:
    """A child of ours, as `subprocess.Popen` has one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._descriptor = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._look(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._descriptor, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _look(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._descriptor], [], [], seconds)[0]:
            _, status = os.waitpid(self.pid, 0)
            os.close(self._descriptor)
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode
