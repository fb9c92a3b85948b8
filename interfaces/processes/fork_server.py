"""Fork server of the roles: it has loaded what they are made of, and each begins as a copy of it. `python -m interfaces.processes.fork_server`

What all roles have in common is loaded once and lies in memory once. Its standard input is a socket of packets: an `Order` comes, the number of the role's
process goes back. The roles are children of whoever started the fork server, and stay when it ends, as it does when the other side is closed. Linux.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import signal
import socket
import sys
import time
from contextlib import suppress

from infra.embedded.process import die_with_parent
from interfaces.machine import give_back
from interfaces.processes.orders import LARGEST, Order, ordered

LOADED = (
    "interfaces.cli",
    "interfaces.cli.run",
    "interfaces.serve",
    "interfaces.worker",
    "interfaces.projector",
)
PR_SET_NAME = 15
"""From linux/prctl.h."""


def load() -> None:
    """What the roles share, put where neither garbage collection nor its marks touch it, so that it stays shared."""
    gc.disable()
    for module in LOADED:
        importlib.import_module(module)
    importlib.import_module("domain.answers.understanding").load()
    importlib.import_module("infra.retrieval.embedding").WordLlamaEmbedder().load()
    _make_routes()
    # No look for garbage: it takes 0.3 s, and finds 0.3 MB.
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
    while packet := control.recv(LARGEST):
        order = ordered(packet)
        # Whoever is between a role and its parent leaves at once, so that the parent, who adopts orphans, has it.
        if (between := os.fork()) == 0:
            us = os.getpid()
            if os.fork() == 0:
                _begin(order, us, control)
                return order
            os._exit(0)
        os.waitpid(between, 0)
    return None


def _begin(order: Order, between: int, control: socket.socket) -> None:
    """As `spawn` begins a child: in a group of its own, with its output in its log, and no longer there than its parent."""
    while os.getppid() == between:
        time.sleep(0.0005)
    die_with_parent(order.parent)
    os.setpgid(0, 0)
    with suppress(BrokenPipeError):  # then the parent has gone, and so do we
        control.send(str(os.getpid()).encode())
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
