"""`retrace up`: looks around, plans, and becomes the small program that keeps all roles in one process tree (`processes/program.py`); or keeps them itself."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import FolderInUse, prepare_folder
from infra.embedded.redis import EmbeddedRedis, binary
from infra.settings import MAIN, Secret, Settings, cells_text, environment_of, master_text
from infra.telemetry.start import endpoints
from infra.waits import Waits, silently
from interfaces import listening
from interfaces.instance import VARIABLE
from interfaces.processes import handing
from interfaces.processes.children import Command, forker, starting
from interfaces.processes.keeping import NotReady as NotReady
from interfaces.processes.keeping import Say, Tree, kept, told_by_signals, watch
from interfaces.processes.plan import Plan
from interfaces.running import noted, running_in
from interfaces.supervisor_metrics import VARIABLE as METRICS_PORT
from interfaces.supervisor_metrics import metrics_ports, port_of
from interfaces.waiting import Teller

ROLES = ("serve", "worker", "projector")
HERE = str(Path(__file__).parent.parent)


def announce(line: str) -> None:
    Teller().tell(line)


def become(settings: Settings, teller: Teller) -> None:
    """Go on as the program that keeps all roles: this process, as far as others see it, with a tenth of its memory. It comes back only by what it raises, as `plan_of`, and OSError."""
    plan = plan_of(settings, teller.say, ROLES, teller.waits)
    fork_server = forker(plan.roles_log, plan.environment, copied=True)
    handed = None if fork_server is None else fork_server.handed
    try:
        handing.over(handing.Handed(plan, handed))
    finally:
        if fork_server is not None:
            fork_server.rest()


@contextmanager
def tree(
    settings: Settings,
    say: Say = announce,
    roles: Sequence[str] = ROLES,
    command: Command | None = None,
    waits: Waits = silently,
) -> Iterator[Tree]:
    """Start everything; at the end stop everything. `command`: what each role is to be run by, in the place of our own. Raises as `plan_of` and `kept`.

    To be entered in a thread that stays until the end (see `die_with_parent`).
    """
    plan = plan_of(settings, say, roles, waits)
    with (
        starting(plan.roles_log, plan.environment, command) as starter,  # loads while the servers come up
        kept(plan, starter, say, waits) as running,
    ):
        yield running


def up(
    settings: Settings,
    say: Say = announce,
    ready: Callable[[Tree], None] | None = None,
    roles: Sequence[str] = ROLES,
    command: Command | None = None,
    waits: Waits = silently,
) -> None:
    """Run until SIGTERM, SIGINT or SIGHUP; call in the main thread. `ready` is called once the roles can serve. Raises as `tree`, and NotReady."""
    with told_by_signals() as told, tree(settings, say, roles, command, waits) as running:
        watch(running, told, ready, say)


def plan_of(settings: Settings, say: Say, roles: Sequence[str] = ROLES, waits: Waits = silently) -> Plan:
    """What is to be started, once all that can be known before has been looked at.

    Raises FolderUnusable, FolderInUse, PortUnusable, InvalidSettings, and what servers that are given are refused for.
    """
    endpoints(settings, os.environ)  # refused before anything is made
    look_around(settings, roles)
    key = settings.master()
    given: dict[str, str] = {}
    if any((settings.database_url, settings.redis_url, settings.cells, settings.files)):
        from interfaces.given import look_at_given  # what only somebody else's servers need

        given = look_at_given(settings, key, say, waits)
    main = given.pop(MAIN, None)
    there = msgspec.structs.replace(
        settings,
        database_url=Secret(main) if main else None,
        cells=Secret(cells_text(given)) if given else None,
        # As it was given: what a service has sealed stays sealed on the way to the roles.
        master_key=settings.master_key or master_text(key),
        data=settings.data.resolve(),
    )
    instance = secrets.token_hex(8)
    url = listening.url_of(settings.host, settings.port)
    path = os.pathsep.join(filter(None, (HERE, os.environ.get("PYTHONPATH"))))
    mine = {**os.environ, VARIABLE: instance, "PYTHONPATH": path}
    ports = {role: port_of(settings.metrics_port, role) for role in roles}
    redis = settings.redis_url or (EmbeddedRedis(settings.data).url if binary() else None)
    return Plan(
        data=settings.data,
        host=settings.host,
        address=(listening.reached(settings.host), settings.port),
        url=url,
        instance=instance,
        roles=roles,
        environment={**mine, **environment_of(there)},
        own={role: {METRICS_PORT: str(port)} for role, port in ports.items() if port is not None},
        database_url=settings.database_url,
        redis_url=settings.redis_url,
        metrics_port=port_of(settings.metrics_port, "supervisor"),
        note=noted(
            url=url,
            roles=tuple(roles),
            database=settings.database_url or EmbeddedPostgres(settings.data).url,
            redis=redis,
            master=key,
            instance=instance,
            files=settings.files,
        ),
    )


def look_around(settings: Settings, roles: Sequence[str]) -> None:
    """What keeps `up` from starting, told before anything is begun. Raises FolderUnusable, FolderInUse, PortUnusable."""
    prepare_folder(settings.data)
    if (other := running_in(settings.data)) is not None:
        raise FolderInUse(
            f"Retrace is up already in {settings.data}: {other.url}, process {other.pid}; stop it (Ctrl-C, or kill {other.pid}), "
            "or choose another folder and port with --data and --port"
        )
    if "serve" in roles:
        listening.check(settings.host, settings.port, *listening.HTTP)
    for role, port in metrics_ports(settings.metrics_port, roles).items():
        what, hint = listening.METRICS
        if port == settings.port:
            raise listening.PortUnusable(
                f"port {port} is RETRACE_PORT and the one for the metrics of the {role}; choose another {hint}"
            )
        listening.check(settings.host, port, what.format(role), hint)
