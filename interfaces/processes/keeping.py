"""Keeps the roles and the servers that are ours: what dies is started again, and all end together. What `retrace up` is while it runs.

Imports next to nothing, for it stays (tests/interfaces/test_supervisor_imports.py).
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.embedded import Servers, servers
from infra.embedded.process import Process, ServerFailed, end_all, rotate
from infra.embedded.room import LEAST, room
from infra.waits import STARTING, Waits, silently
from interfaces.processes.children import Starter
from interfaces.processes.noting import forget, note
from interfaces.processes.plan import Plan
from interfaces.processes.readiness import why_not
from interfaces.supervisor_metrics import Figures, telling

READY = STARTING + 30.0
"""Seconds that the roles are given to come up, with their wait for a database that is away."""
LOOK = 0.25
"""Seconds between two looks at whether all live."""
POLL = 0.02
"""Seconds between two questions whether they have."""
GRACE = 25.0
"""Seconds that the roles are given to finish or give back what they hold."""
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a child that keeps dying is started again: after its first death, its second …"""
SERVER_PAUSE = 5.0
"""Seconds before a server that did not come up again is tried once more."""
STEADY = 60.0
"""Seconds after which a child's earlier deaths are forgotten."""
TRIES = 5
"""How often a role that has never come up may end by itself before all is given up, while the HTTP API has not come up either: what ends it
is not passing by."""
WORDS = 400
"""Characters of a role's last words that are told."""

NO_REDIS = (
    "there is no Redis: going on without caches and hints, a little slower; install redis-server or valkey-server and it is found, "
    "or set REDIS_URL"
)

Say = Callable[[str], None]


class NotReady(Exception):
    """A role does not come up; its log tells why."""


class Tree:
    """The running roles. `look` is to be called now and then; it starts again what has died."""

    def __init__(
        self, plan: Plan, running: Servers, say: Say, starter: Starter, waits: Waits = silently
    ) -> None:
        self.plan = plan
        self.url, self.instance = plan.url, plan.instance
        self.database_url = running.database_url
        self.environment = {**plan.environment, **_addresses(plan, running)}
        self._waits = waits
        self._servers = running
        self._say = say
        self._starter = starter
        self._children: dict[str, Process] = {}
        self._started: dict[str, float] = {}
        self._deaths: dict[str, int] = {}
        self._logged: dict[str, int] = {}
        self._came_up: set[str] = set()
        self._due: dict[str, float] = {}
        self._servers_due = 0.0
        self._known_failure = ""
        self._full = False
        self.figures = Figures()

    def start(self, role: str) -> None:
        self._started[role] = time.monotonic()
        environment = {**self.environment, **self.plan.own.get(role, {})}
        log = self.log_of(role)
        rotate(log)
        self._logged[role] = log.stat().st_size if log.exists() else 0
        self._children[role] = self._starter.start(role, log, environment)
        self.figures.started(role)

    def wait_ready(self, told: Callable[[], bool] = lambda: False) -> None:
        """Until the HTTP role can serve, or `told` to stop. Raises NotReady."""
        deadline = time.monotonic() + READY
        with self._waits(f"the HTTP API on {self.url}") as show:
            while "serve" in self._children and not told():
                answer = why_not(self.plan.address, self.instance)
                if answer is None:
                    self._came_up.add("serve")
                    break
                if answer:
                    show(f"the HTTP API on {self.url} ({answer})")
                if self._children["serve"].poll() is not None or time.monotonic() > deadline:
                    log = self.log_of("serve")
                    why = last_words(log, self._logged["serve"]) or answer
                    raise NotReady(
                        f"the HTTP API did not come up on {self.url}{why and f': {why}'}; see {log}"
                    )
                self._look_at_roles(but="serve")
                time.sleep(POLL)
        self._starter.rest()

    def look(self) -> None:
        """Start again what has died; a child that keeps dying less and less often. Say so when the disk is full."""
        self._look_at_room()
        self._look_at_servers()
        self._look_at_roles()

    def _look_at_roles(self, but: str = "") -> None:
        for role, child in self._children.items():
            self.figures.looked(role, alive=child.poll() is None)
        for role, child in list(self._children.items()):
            if child.poll() is None or role == but:
                continue
            if role not in self._due:
                self._note_end(role, child.returncode or 0)
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

    def _note_end(self, role: str, status: int) -> None:
        """Say so, and when it is started again. Raises NotReady where it, and the HTTP API, have never come up and it always ends by itself."""
        pause = self._pause(role)
        log = self.log_of(role)
        words = last_words(log, self._logged[role])
        killed = status in (-signal.SIGKILL, -signal.SIGTERM)
        if not {role, "serve"} & self._came_up and self._deaths[role] >= TRIES and not killed:
            raise NotReady(
                f"the {role} ended {self._deaths[role]} times at its start{words and f': {words}'}; see {log}"
            )
        self._due[role] = time.monotonic() + pause
        when = f"in {pause:.0f} s" if pause else "now"
        how = f"status {status}" if status >= 0 else signal.Signals(-status).name
        why = f"{how}: {words}" if words and not killed else how
        self._say(f"{role} ended ({why}) and is started again {when}; its log: {log}")

    def stop(self) -> None:
        """Ask all roles to end, then see to it."""
        with self._waits("the roles, which finish what they hold"):
            end_all(self._children.values(), GRACE)

    def pid_of(self, role: str) -> int:
        return self._children[role].pid

    def log_of(self, role: str) -> Path:
        return self.plan.logs / f"{role}.log"

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
            left = self.figures.disk = room(self.plan.data)
        except FileNotFoundError:  # there is no folder where all servers are elsewhere
            return
        if not self._full and left < LEAST:
            self._full = True
            self._say(
                f"the disk is full: {self.plan.data} has {left // 2**20} MB left; "
                "writes are refused, and the database may end, until there is room"
            )
        elif self._full and left > 2 * LEAST:
            self._full = False
            self._say(f"there is room again: {self.plan.data} has {left // 2**20} MB left")

    def _pause(self, role: str) -> float:
        if time.monotonic() - self._started[role] > STEADY:
            self._came_up.add(role)
            self._deaths[role] = 0
        self._deaths[role] = self._deaths.get(role, 0) + 1
        return PAUSES[min(self._deaths[role], len(PAUSES)) - 1]


def last_words(log: Path, start: int) -> str:
    """What a role has said last since its log had `start` bytes: what the command line said, else its log's last line."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        return ""
    if not lines:
        return ""
    said = lines[-1].removeprefix("retrace: ")
    with suppress(ValueError, TypeError, AttributeError):  # a line of the log as logs.py writes it
        line = json.loads(said)
        said = line["message"] + (f" ({line['error']})" if "error" in line else "")
    return said[:WORDS]


def _addresses(plan: Plan, running: Servers) -> dict[str, str]:
    """Of the servers that are ours, as the roles' settings have them."""
    found = {"DATABASE_URL": running.database_url} if plan.database_url is None else {}
    if plan.redis_url is None and running.redis_url is not None:
        found["REDIS_URL"] = running.redis_url
    return found


@contextmanager
def kept(plan: Plan, starter: Starter, say: Say, waits: Waits = silently) -> Iterator[Tree]:
    """Start the servers that are to be ours, and the roles; at the end stop all of them. Raises FolderUnusable, FolderInUse, ServerFailed, OSError.

    To be entered in a thread that stays until the end (see `die_with_parent`).
    """
    with servers(plan.data, plan.database_url, plan.redis_url, say=say, waits=waits) as running:
        if running.redis_url is None:
            say(NO_REDIS)
        tree = Tree(plan, running, say, starter, waits)
        try:
            with telling(plan.metrics_port, plan.host, tree.figures, say):
                for role in plan.roles:
                    tree.start(role)
                note(plan.data, plan.note)
                yield tree
        finally:
            tree.stop()
            forget(plan.data)


@contextmanager
def told_by_signals() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM, SIGINT or SIGHUP has come since; for the main thread."""
    told = False

    def tell(*_: object) -> None:
        nonlocal told
        told = True

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, tell) for number in numbers}
    try:
        yield lambda: told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def watch(tree: Tree, told: Callable[[], bool], ready: Callable[[Tree], None] | None, say: Say) -> None:
    """Wait until the roles can serve, call `ready`, and see to all until `told` to stop. Raises NotReady."""
    tree.wait_ready(told)
    if ready is not None and not told():
        ready(tree)
    while not told():
        time.sleep(LOOK)
        tree.look()
    say("stopping")
