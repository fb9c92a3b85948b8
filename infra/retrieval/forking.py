"""A fork server: it has loaded what its children need, and forks one for each job, in milliseconds. `python -m infra.retrieval.forking MODULE`

Its standard input is a socket. With each byte come two more sockets: the job's data and its leash. Whoever closes the leash ends the
child; when a child has ended, its wait status is written there. Children limit themselves before they read their input.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import resource
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

import msgspec

MEMORY = 1024**3
"""Bytes of address space that a child may take beyond what it was born with."""

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""

LENGTH = struct.Struct(">I")
STATUS = struct.Struct(">i")

Tell = Callable[[object], None]
Work = Callable[[BinaryIO, Sequence[str], Tell], Iterable[object]]
"""What a module of children has under the name `work`: input and arguments to results. By `Tell` it gives a result at once, from within what takes long."""


class Unreadable(Exception):
    """The input can't be read; the text says why and what to do, for a person."""


class Header(msgspec.Struct, frozen=True):
    """`seconds` of the processor's time."""

    module: str
    seconds: int
    arguments: list[str]


def write_frame(out: BinaryIO, value: object) -> None:
    data = msgspec.msgpack.encode(value)
    out.write(LENGTH.pack(len(data)) + data)
    out.flush()


def serve(control: socket.socket) -> None:
    """Fork until the other side of `control` is closed; then end all that is left."""
    woken, wake = socket.socketpair()
    woken.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno())
    leashes: dict[int, socket.socket] = {}
    ending: set[int] = set()
    while True:
        held = {leash: pid for pid, leash in leashes.items() if pid not in ending}
        ready, _, _ = select.select([control, woken, *held], [], [])
        if woken in ready:
            woken.recv(4096)
        for leash in held.keys() & set(ready):
            os.kill(held[leash], signal.SIGKILL)  # not waited for yet, so the number is still its own
            ending.add(held[leash])
        for pid, status in _ended(leashes):
            with suppress(OSError), leashes.pop(pid) as leash:
                leash.send(STATUS.pack(status))
            ending.discard(pid)
        if control in ready:
            said, descriptors, _, _ = socket.recv_fds(control, 1, 2)
            if not said:
                break
            data, leash = (socket.socket(fileno=descriptor) for descriptor in descriptors)
            if (pid := os.fork()) == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for other in (control, woken, wake, leash, *leashes.values()):
                    other.close()
                _child(data)
            data.close()
            leashes[pid] = leash
    for pid in leashes:
        os.kill(pid, signal.SIGKILL)


def _ended(leashes: dict[int, socket.socket]) -> Iterator[tuple[int, int]]:
    for _ in range(len(leashes)):
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        yield pid, status


def _child(data: socket.socket) -> None:
    """Do one job and end. Whatever fails ends it with 1; its parent sees that."""
    code = 1
    try:
        with data, data.makefile("rb") as given, data.makefile("wb") as out:
            header = msgspec.json.decode(given.readline(), type=Header)
            _limit(header.seconds)
            work: Work = importlib.import_module(header.module).work
            write_frame(out, {"ready": True})

            def tell(result: object) -> None:
                write_frame(out, {"result": result})

            try:
                for result in work(given, header.arguments, tell):
                    tell(result)
            except Unreadable as error:
                write_frame(out, {"refused": str(error)})
        code = 0
    finally:
        os._exit(code)


def _limit(seconds: int) -> None:
    """Bound this process, and end it with the server."""
    end_with_parent()
    os.nice(19)  # nobody waits for a document as for an answer
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    memory = _address_space() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_with_parent() -> None:
    """Whenever the process that forked this one ends; where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _address_space() -> int:
    """Bytes that this process has; 0 where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def main() -> None:
    with socket.socket(fileno=os.dup(0)) as control:
        devnull = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):  # what a library prints goes nowhere
            os.dup2(devnull, number)
        for module in sys.argv[1:]:
            getattr(importlib.import_module(module), "warm", lambda: None)()
        serve(control)


if __name__ == "__main__":
    importlib.import_module(
        "infra.retrieval.forking"
    ).main()  # as the module that children import, not as __main__
