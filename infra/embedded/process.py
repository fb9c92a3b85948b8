"""A server that runs as our child: it stops with us, even when we are killed."""

from __future__ import annotations

import ctypes
import errno
import os
import pwd
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a supervisor that has nothing to mend needs none of it
    import psutil

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
"""From linux/prctl.h."""

LONGEST_SOCKET = 85
"""Bytes of a socket folder's path; the system allows about 100 for the whole name."""
LARGEST_LOG = 10_000_000
"""Bytes after which a log is put aside at the next start."""

# Loaded once: a child between fork and exec must not open libraries.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


class Process(Protocol):
    """What `subprocess.Popen` has of one."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def terminate(self) -> None: ...


def warn(text: str) -> None:
    """For whoever has nobody to tell it to: into the log."""
    import logging

    logging.getLogger("retrace.embedded").warning("%s", text)


class ServerFailed(Exception):
    """An embedded server did not come up. `reason` is empty where only its log tells."""

    def __init__(self, name: str, log: Path | None = None, reason: str = "") -> None:
        self.reason = reason
        text = f"the embedded {name} did not come up"
        if reason:
            text += f": {reason}"
        if log is not None and log.exists():
            tail = log.read_text(errors="replace").splitlines()[-12:]
            text += f"; its log ({log}) ends with:\n  " + "\n  ".join(tail)
        super().__init__(text)


class FolderUnusable(Exception):
    """The data folder can't be written."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(
            f"the data folder {folder} can't be used: {why}, or choose another one with --data or RETRACE_DATA"
        )


def prepare_folder(folder: Path) -> None:
    """Make the data folder, and see that it can be written. Raises FolderUnusable."""
    probe = folder / f"probe.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"?")
        probe.unlink()
    except OSError as error:
        with suppress(OSError):
            probe.unlink()
        raise FolderUnusable(folder, _unwritable(folder, error)) from error


def _unwritable(folder: Path, error: OSError) -> str:
    """Why, and the way out that is no other folder."""
    if error.errno == errno.EROFS:
        return "it lies on a disk that may only be read; mount that one to be written"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"the user {_user()} may not write there; let them"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "its disk is full; make room"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        file = next(
            (each for each in (folder, *folder.parents) if each.exists() and not each.is_dir()), folder
        )
        return f"{file} is no folder; move it away"
    return f"{error.strerror or type(error).__name__}; mend that"


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user may have no name
        return str(os.geteuid())


class FolderInUse(Exception):
    """Another process uses the data folder; stop it, or choose another folder with --data or RETRACE_DATA."""


def die_with_parent(parent: int, number: int = signal.SIGTERM) -> None:
    """From now on the end of `parent`, however it comes, ends us by this signal. Linux; elsewhere it does nothing.

    More exactly the end of the parent's *thread* that started us: start children from a thread that stays.
    """
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it ended before we asked
            os.kill(os.getpid(), number)


def adopt_orphans(really: bool) -> bool:
    """Whether from now on this process becomes the parent of what those leave behind that it has started. False where the system can't do that."""
    return _LIBC is not None and _LIBC.prctl(PR_SET_CHILD_SUBREAPER, int(really), 0, 0, 0) == 0


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    death: int = signal.SIGTERM,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
    folder: str | None = "/",
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Run a child in a process group of its own (a Ctrl-C at the terminal is ours to pass on), output to `log`."""
    rotate(log)
    us = os.getpid()
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=output,
            stderr=output,
            process_group=0,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            env=environment,
            cwd=folder,
            preexec_fn=lambda: die_with_parent(
                us, death
            ),  # runs after the user was changed, which would undo it
        )


def rotate(log: Path) -> None:
    """Make its folder, and put a large one aside."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_name(log.name + ".1"))


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Poll until `ready`, the process has ended, or the time is over; tells whether it is ready."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        if ready():
            return True
        time.sleep(0.02)
    return False


def end(process: Process, *signals: int, patience: float = 10.0) -> None:
    """Send the signals one after another, each with some seconds to work, SIGKILL at last, and reap the process."""
    for number in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)


def end_all(processes: Iterable[Process], patience: float) -> None:
    """SIGTERM to all of them at once; after so many seconds SIGKILL to those that are left. Reaps them."""
    left = list(processes)
    for process in left:
        process.terminate()  # does nothing to one that has ended
    deadline = time.monotonic() + patience
    for process in left:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in left:
        end(process)


def end_leftovers(
    processes: Iterable[psutil.Process], binary: str, owner: int, *signals: int, patience: float = 10.0
) -> None:
    """End processes that are no children of ours: the signals one after another, SIGKILL at last.

    Whatever the caller found, only processes of this program name and user are touched, and never ourselves.
    """
    left = [process for process in processes if _is(process, binary, owner)]
    if not left:
        return
    import psutil

    for number in (*signals, signal.SIGKILL):
        for process in left:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.send_signal(number)
        deadline = time.monotonic() + patience
        while left and time.monotonic() < deadline:
            left = [process for process in left if not _gone(process)]
            time.sleep(0.01)


def _is(process: psutil.Process, binary: str, owner: int) -> bool:
    import psutil

    try:
        return bool(
            process.pid not in (1, os.getpid(), os.getppid())
            and process.name() == binary
            and process.uids().real == owner
        )
    except psutil.NoSuchProcess:
        return False


def living(pid_file: Path, is_ours: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """The process that a pid file names, if it lives and is what the file means: numbers are used again."""
    if not pid_file.exists():
        return []
    import psutil

    with suppress(OSError, ValueError, OverflowError, psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        if not _gone(process) and is_ours(process):
            return [process]
    return []


def _gone(process: psutil.Process) -> bool:
    import psutil

    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def socket_folder(folder: Path, name: str) -> Path:
    """`folder` itself if its path can be a socket's, else a short one among the temporary files."""
    if len(os.fsencode(folder)) <= LONGEST_SOCKET and re.fullmatch(r"[\w/.-]+", str(folder), re.ASCII):
        return folder
    import hashlib
    import tempfile

    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()).resolve() / f"retrace-{digest}-{name}"


def make_private(folder: Path, owner: int) -> None:
    """Make the folder, for this user id only. Raises PermissionError where somebody else has put one in its place."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o022 or found.st_uid not in (owner, os.geteuid()):
        raise PermissionError(f"{folder} is not ours; remove it")
    if found.st_uid != owner:
        os.chown(folder, owner, -1, follow_symlinks=False)
