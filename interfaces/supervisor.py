"""All roles in one process tree: servers, where they are ours, and a child process for each role. What dies is started again."""

from __future__ import annotations

import json
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import msgspec
from rich.console import Console

from infra.embedded import Servers, servers
from infra.embedded.process import FolderInUse, Process, ServerFailed, end_all, prepare_folder, rotate
from infra.embedded.room import LEAST, room
from infra.settings import MAIN, Secret, Settings, cells_text, environment_of, master_text
from infra.telemetry.start import endpoints
from infra.waits import STARTING, Waits, silently
from interfaces import listening
from interfaces import running as running_note
from interfaces.instance import VARIABLE
from interfaces.processes.children import FORKS, Command, Forker, Spawner, Starter, role_command
from interfaces.supervisor_metrics import Figures, metrics_port, metrics_ports, telling

ROLES = ("serve", "worker", "projector")
READY = STARTING + 30.0
"""Seconds that the roles are given to come up, with their wait for a database that is away."""
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


def announce(line: str) -> None:
    Console(highlight=False).print(line, markup=False, soft_wrap=True)


class Tree:
    """The running roles. `look` is to be called now and then; it starts again what has died."""

    def __init__(
        self,
        settings: Settings,
        running: Servers,
        environment: Mapping[str, str],
        say: Say,
        starter: Starter,
        waits: Waits = silently,
    ) -> None:
        self.settings = settings
        self.url = reachable(settings)
        self.instance = environment[VARIABLE]
        self._waits = waits
        self.database_url = running.database_url
        self._servers = running
        self._environment = environment
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
        environment = {**self._environment, **metrics_port(self.settings, role)}
        log = self.log_of(role)
        rotate(log)
        self._logged[role] = log.stat().st_size if log.exists() else 0
        self._children[role] = self._starter.start(role, log, environment)
        self.figures.started(role)

    def wait_ready(self, told: Callable[[], bool] = lambda: False) -> None:
        """Until the HTTP role can serve, or `told` to stop. Raises NotReady."""
        deadline = time.monotonic() + READY
        # One client: to make one costs as much as the role's answer.
        client = httpx.Client(base_url=self.url, timeout=5, trust_env=False, verify=False)
        with client, self._waits(f"the HTTP API on {self.url}") as show:
            while "serve" in self._children and not told():
                answer = self._ready(client)
                if answer is None:
                    self._came_up.add("serve")
                    return
                if answer:
                    show(f"the HTTP API on {self.url} ({answer})")
                if self._children["serve"].poll() is not None or time.monotonic() > deadline:
                    log = self.log_of("serve")
                    why = last_words(log, self._logged["serve"]) or answer
                    raise NotReady(
                        f"the HTTP API did not come up on {self.url}{why and f': {why}'}; see {log}"
                    )
                self._look_at_roles(but="serve")
                time.sleep(0.05)

    def _ready(self, client: httpx.Client) -> str | None:
        """None: our own HTTP role is ready. Else what is known of why not."""
        try:
            reply = client.get("/readyz")
            said = reply.json()
            if said["instance"] != self.instance:
                return "another Retrace answers there"
            return None if reply.status_code == 200 else f"database: {said['database']}, keys: {said['keys']}"
        except httpx.HTTPError:
            return ""
        except (ValueError, KeyError, TypeError):
            return "another program answers there"

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
        return self.settings.data / "logs" / f"{role}.log"

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
            left = room(self.settings.data)
            self.figures.disk.set(left)
        except FileNotFoundError:  # there is no folder where all servers are elsewhere
            return
        if not self._full and left < LEAST:
            self._full = True
            self._say(
                f"the disk is full: {self.settings.data} has {left // 2**20} MB left; "
                "writes are refused, and the database may end, until there is room"
            )
        elif self._full and left > 2 * LEAST:
            self._full = False
            self._say(f"there is room again: {self.settings.data} has {left // 2**20} MB left")

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


@contextmanager
def tree(
    settings: Settings,
    say: Say = announce,
    roles: Sequence[str] = ROLES,
    command: Command | None = None,
    waits: Waits = silently,
    copied: bool = False,
) -> Iterator[Tree]:
    """Start everything; at the end stop everything. `command`: what each role is to be run by, in the place of our own. `copied`: this process is nothing
    but the supervisor, so that the roles may begin as copies of it. Raises FolderUnusable, FolderInUse, PortUnusable, ServerFailed, InvalidSettings.

    To be entered in a thread that stays until the end (see `die_with_parent`).
    """
    endpoints(settings, os.environ)  # refused before anything is made
    look_around(settings, roles)
    key = settings.master()
    given: dict[str, str] = {}
    if any((settings.database_url, settings.redis_url, settings.cells, settings.files)):
        from interfaces.given import look_at_given  # what only somebody else's servers need

        given = look_at_given(settings, key, say, waits)
    here = str(Path(__file__).parent.parent)
    path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    mine = {**os.environ, VARIABLE: secrets.token_hex(8), "PYTHONPATH": path}
    with (
        starting(settings, mine, command, copied) as starter,  # loads while the servers come up
        servers(settings.data, settings.database_url, settings.redis_url, say=say, waits=waits) as running,
    ):
        if running.redis_url is None:
            say(NO_REDIS)
        there = msgspec.structs.replace(
            settings,
            database_url=Secret(given.pop(MAIN, running.database_url)),
            cells=Secret(cells_text(given)) if given else None,
            redis_url=Secret(running.redis_url) if running.redis_url else None,
            # As it was given: what a service has sealed stays sealed on the way to the roles.
            master_key=settings.master_key or master_text(key),
            data=settings.data.resolve(),
        )
        started = Tree(settings, running, {**mine, **environment_of(there)}, say, starter, waits)
        try:
            with telling(settings, started.figures, say):
                for role in roles:
                    started.start(role)
                running_note.note(
                    there.data,
                    url=started.url,
                    roles=tuple(roles),
                    database=running.database_url,
                    redis=running.redis_url,
                    master=key,
                    instance=started.instance,
                    files=settings.files,
                )
                yield started
        finally:
            started.stop()
            running_note.forget(there.data)


@contextmanager
def starting(
    settings: Settings, environment: Mapping[str, str], command: Command | None, copied: bool
) -> Iterator[Starter]:
    """What starts the roles: each by its command, or as a fork where the system can hold one."""
    starter: Starter
    if command is None and FORKS:
        starter = Forker(settings.data / "logs" / "roles.log", environment, copied=copied)
    else:
        starter = Spawner(command or role_command)
    try:
        yield starter
    finally:
        starter.close()


def up(
    settings: Settings,
    say: Say = announce,
    ready: Callable[[Tree], None] | None = None,
    roles: Sequence[str] = ROLES,
    command: Command | None = None,
    waits: Waits = silently,
) -> None:
    """Run until SIGTERM, SIGINT or SIGHUP; call in the main thread. `ready` is called once the roles can serve. Raises as `tree`, and NotReady."""
    told = False

    def tell(*_: object) -> None:
        nonlocal told
        told = True

    before = {
        number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    try:
        with tree(settings, say, roles, command, waits, copied=True) as running:
            running.wait_ready(lambda: told)
            if ready is not None and not told:
                ready(running)
            while not told:
                time.sleep(0.25)
                running.look()
            say("stopping")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def look_around(settings: Settings, roles: Sequence[str]) -> None:
    """What keeps `up` from starting, told before anything is begun. Raises FolderUnusable, FolderInUse, PortUnusable."""
    prepare_folder(settings.data)
    if (other := running_note.running_in(settings.data)) is not None:
        raise FolderInUse(
            f"Retrace is up already in {settings.data}: {other.url}, process {other.pid}; stop it (Ctrl-C, or kill {other.pid}), "
            "or choose another folder and port with --data and --port"
        )
    if "serve" in roles:
        listening.check(settings.host, settings.port, *listening.HTTP)
    for role, port in metrics_ports(settings, roles).items():
        what, hint = listening.METRICS
        if port == settings.port:
            raise listening.PortUnusable(
                f"port {port} is RETRACE_PORT and the one for the metrics of the {role}; choose another {hint}"
            )
        listening.check(settings.host, port, what.format(role), hint)


def reachable(settings: Settings) -> str:
    """The HTTP role's URL as seen from this machine."""
    return listening.url_of(settings.host, settings.port)
