"""Fork server of the roles: it has loaded what they are made of, and each begins as a copy of it. `python -m interfaces.processes.fork_server`

What all roles have in common is loaded once, lies in memory once, and is there at once when one is started again. Its standard input is a
socket of packets: `Order` comes, `Begun` goes back, and `Ended` once that role has ended. When the other side closes it, it ends. Linux.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
from contextlib import suppress

import msgspec

from infra.embedded.process import die_with_parent
from interfaces.machine import give_back

LOADED = (
    "interfaces.cli",
    "interfaces.cli.run",
    "interfaces.serve",
    "interfaces.worker",
    "interfaces.projector",
)
LARGEST = 1 << 20
"""Bytes of a packet: an environment may be large."""

PR_SET_NAME = 15
"""From linux/prctl.h."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Start `role`: its output goes to the file `log`."""

    role: str
    log: str
    environment: dict[str, str]


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="begun"):
    pid: int


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """`status` as subprocess has it: of a signal, negative."""

    pid: int
    status: int


Said = Begun | Ended


def load() -> None:
    """What the roles share, put where neither garbage collection nor its marks touch it, so that it stays shared."""
    gc.disable()
    for module in LOADED:
        importlib.import_module(module)
    importlib.import_module("domain.answers.understanding").load()
    importlib.import_module("infra.retrieval.embedding").WordLlamaEmbedder().load()
    _make_routes()
    gc.collect()
    give_back()  # what a role finds free in pages that it shares it would write to, and have for itself
    gc.freeze()
    gc.enable()


def _make_routes() -> None:
    """Before the fork, though the HTTP role alone has requests: while they are made hardly a page stays as it was."""
    settings = importlib.import_module("infra.settings")
    with suppress(settings.InvalidSettings):  # which the roles tell
        importlib.import_module("interfaces.asgi").routes(settings.load(os.environ).origins)


def serve(control: socket.socket) -> Order | None:
    """Fork as ordered until the other side is closed: None. In a new role's process it is told what it is to be."""
    us, children = os.getpid(), dict[int, int]()
    while True:
        ready, _, _ = select.select([control.fileno(), *children], [], [])
        for descriptor in set(ready) & children.keys():
            pid = children.pop(descriptor)
            os.close(descriptor)
            _, status = os.waitpid(pid, 0)
            _say(control, Ended(pid=pid, status=os.waitstatus_to_exitcode(status)))
        if control.fileno() not in ready:
            continue
        packet = control.recv(LARGEST)
        if not packet:
            return None
        order = msgspec.msgpack.decode(packet, type=Order)
        if (pid := os.fork()) == 0:
            for descriptor in children:
                os.close(descriptor)
            _begin(order, us)
            return order
        children[os.pidfd_open(pid)] = pid
        _say(control, Begun(pid=pid))


def _say(control: socket.socket, said: Said) -> None:
    with suppress(BrokenPipeError):  # the next look finds it closed
        control.send(msgspec.msgpack.encode(said))


def _begin(order: Order, parent: int) -> None:
    """As `spawn` begins a child: in a group of its own, with its output in its log, and no longer there than its parent."""
    os.setpgid(0, 0)
    die_with_parent(parent)
    log = os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ.clear()
    os.environ.update(order.environment)
    ctypes.CDLL(None).prctl(PR_SET_NAME, f"retrace {order.role}"[:15].encode())


def main() -> None:
    if sys.argv[1:]:
        sys.exit("interfaces.processes.fork_server takes no arguments; `retrace up` starts it")
    run()


def run() -> None:
    """Load, then fork as ordered; in a new role's process: be that role. Raises SystemExit there."""
    load()
    with socket.socket(fileno=os.dup(0)) as control:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        order = serve(control)
    if order is None:
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["retrace", order.role]
    importlib.import_module("interfaces.cli").main()


if __name__ == "__main__":
    importlib.import_module(
        "interfaces.processes.fork_server"
    ).main()  # as the module that others import, not as __main__
