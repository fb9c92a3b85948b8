"""All roles in one process tree: servers, where they are ours, and a child process for each role. What dies is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from infra.embedded import Servers, servers
from infra.embedded.process import end
from infra.settings import Settings

ROLES = ("serve", "worker", "projector")
READY = 60.0
"""Seconds that the roles are given to come up."""

Say = Callable[[str], None]


class NotReady(Exception):
    """The HTTP role did not come up; its log tells why."""


class Tree:
    """The running roles. `look` is to be called now and then; it starts again what has died."""

    def __init__(
        self, settings: Settings, running: Servers, environment: Mapping[str, str], say: Say
    ) -> None:
        self.settings = settings
        self.url = f"http://{settings.host}:{settings.port}"
        self._servers = running
        self._environment = environment
        self._say = say
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._rest: dict[str, float] = {}
        for role in ROLES:
            self._start(role)

    def wait_ready(self) -> None:
        """Until the HTTP role can serve. Raises NotReady."""
        deadline = time.monotonic() + READY
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            if self._children["serve"].poll() is not None:
                break
            time.sleep(0.05)
        raise NotReady(
            f"the HTTP role did not come up on {self.url}; see {self.settings.data / 'logs' / 'serve.log'}"
        )

    def look(self) -> None:
        for name in self._servers.ensure():
            self._say(f"{name} had died and was started again")
        for role, child in list(self._children.items()):
            if child.poll() is not None and time.monotonic() >= self._rest.get(role, 0):
                self._say(f"{role} ended with {child.returncode} and is started again")
                self._start(role)

    def stop(self) -> None:
        """Ask all roles to end, then see to it."""
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self._children.values():
            end(child, signal.SIGTERM, patience=25)

    def pid_of(self, role: str) -> int:
        return self._children[role].pid

    def _start(self, role: str) -> None:
        self._rest[role] = time.monotonic() + 1.0  # a role that dies at once is not started in a tight loop
        logs = self.settings.data / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"{role}.log").open("ab") as log:
            self._children[role] = subprocess.Popen(
                [sys.executable, "-m", "interfaces.cli", role],
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )


@contextmanager
def tree(settings: Settings, say: Say) -> Iterator[Tree]:
    """Start everything; at the end stop everything. Raises FolderInUse, ServerFailed."""
    with servers(settings.data, settings.database_url, settings.redis_url) as running:
        environment = {
            **os.environ,
            "DATABASE_URL": running.database_url,
            "RETRACE_MASTER_KEY": _encoded(settings.master()),
            "RETRACE_DATA": str(settings.data.resolve()),
            "RETRACE_HOST": settings.host,
            "RETRACE_PORT": str(settings.port),
            "RETRACE_PARENT": str(os.getpid()),
            "PYTHONPATH": os.pathsep.join(
                filter(None, (str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH")))
            ),
        }
        if running.redis_url:
            environment["REDIS_URL"] = running.redis_url
        else:
            say("there is no Redis: going on without caches and hints, a little slower")
        started = Tree(settings, running, environment, say)
        try:
            yield started
        finally:
            started.stop()


def up(settings: Settings, say: Say, ready: Callable[[Tree], None] | None = None) -> None:
    """Run until SIGTERM or SIGINT."""
    told = False

    def tell(*_: object) -> None:
        nonlocal told
        told = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    with tree(settings, say) as running:
        running.wait_ready()
        if ready is not None:
            ready(running)
        while not told:
            time.sleep(0.25)
            running.look()
        say("stopping")


def _encoded(key: bytes) -> str:
    import base64

    return base64.b64encode(key).decode()
