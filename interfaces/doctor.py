"""What is the matter with a deployment: looked at as its running roles see it, without making anything.

Whoever asks has the settings of a shell; the roles have theirs. What `retrace up` has noted (interfaces/running.py) tells whether both
mean the same database, Redis and keys, and a difference is a finding of its own.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import msgspec

from application.ports import Fault
from infra.crypto.checking import unopened
from infra.crypto.wrapping import Masters
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.redis import EmbeddedRedis
from infra.metrics.deployment import queues, worst_lags
from infra.postgres.cell import ROLES, Cell
from infra.postgres.database import Database, opened
from infra.postgres.faults import explained, unfit
from infra.postgres.session import connect
from infra.providers.probing import probe_all
from infra.redis.connection import RedisConnection
from infra.redis.health import SharedHealth
from infra.schema.migrate import pending
from infra.server_urls import place_of
from infra.settings import InvalidSettings, Secret, Settings
from interfaces.given import redis_trouble
from interfaces.running import Running, running_in
from interfaces.supervisor import reachable
from projections import PROJECTIONS

SKEW = 2.0
"""Seconds that clocks may be apart: the health of providers wants 0.1, appending 15."""
LATE = 60.0
"""Seconds that a read model may be behind, and work that is due may wait."""
LEAST = 2**30
"""Bytes of the disk that should be free."""
SOME = 5
"""Keys that are named one by one."""


class Check(msgspec.Struct, frozen=True):
    """`detail` says what was found, and what to do where it is not `ok`."""

    check: str
    ok: bool
    detail: str


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Everything, in order; what depends on something that is missing is left out."""
    running = running_in(settings.data)
    yield await _roles(settings, running)
    master = _master(settings)
    yield _keys_given(settings, running, master)
    database, check = _database_of(settings, running)
    if check is not None:
        yield check
    if database is not None:
        given = master if isinstance(master, bytes) else b""
        async for check in _of_database(Cell(database, given)):
            yield check
    async for check in _of_redis(settings, running):
        yield check
    for probed in await probe_all(settings.providers):
        detail = f"{probed.detail} ({probed.ms:.0f} ms)"
        yield Check(f"provider {probed.provider}", probed.ok, detail)
    yield _disk(settings)


async def _roles(settings: Settings, running: Running | None) -> Check:
    """What runs here, and whether the HTTP role itself says that it is ready."""
    url = running.url if running else reachable(settings)
    try:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            reply = await client.get(f"{url}/readyz")
        said = {name: str(value) for name, value in reply.json().items()}
        instance = said.pop("instance", "")  # there is none where an earlier version still runs
        told = f"{url} is {said.pop('status')} ({', '.join(f'{k}: {v}' for k, v in said.items())})"
        ready = reply.status_code == 200
        if running is not None and instance != running.instance:
            ready, told = False, f"another Retrace answers at {url}: one of the two wants another port"
    except (httpx.HTTPError, ValueError, KeyError, AttributeError) as error:
        ready, told = False, f"{url} does not answer as it should ({type(error).__name__})"
    if running is not None:
        what = f"`retrace up`, process {running.pid}, runs {', '.join(running.roles)}"
        hint = "" if ready else f"; look into {settings.data / 'logs'}"
        return Check("roles", ready, f"{what}; {told}{hint}")
    if ready:
        return Check(
            "roles", True, f"the HTTP role at {told}; it was not started by `retrace up` on {settings.data}"
        )
    if settings.embedded:
        return Check("roles", False, f"nothing runs in {settings.data}: start it with `retrace up`")
    return Check(
        "roles",
        False,
        f"no HTTP role runs here: {told}; start `retrace up` or the roles, or set RETRACE_HOST and RETRACE_PORT",
    )


def _master(settings: Settings) -> bytes | InvalidSettings | None:
    """The master keys as they are given; None: there are none."""
    if settings.master_key is None and not settings.master_file.exists():
        return None
    try:
        return settings.master()
    except InvalidSettings as error:
        return error


def _keys_given(settings: Settings, running: Running | None, master: bytes | InvalidSettings | None) -> Check:
    if master is None:
        return Check(
            "master key",
            False,
            f"there is none: no RETRACE_MASTER_KEY, no {settings.master_file}; `retrace up` makes one for a new deployment",
        )
    if isinstance(master, InvalidSettings):
        return Check("master key", False, "; ".join(master.errors))
    marks = Masters(master).fingerprints
    if running is not None and marks != running.masters:
        theirs = ", ".join(running.masters)
        return Check(
            "master key",
            False,
            f"the running roles have others ({theirs}) than are given here ({', '.join(marks)}); restart `retrace up`, or give them here",
        )
    retired = f", and {len(marks) - 1} retired" if len(marks) > 1 else ""
    return Check("master key", True, f"{marks[0]}{retired}")


def _database_of(settings: Settings, running: Running | None) -> tuple[str | None, Check | None]:
    """Where to look, and what is wrong with that."""
    if settings.database_url is not None:
        here = str(settings.database_url)
        if running is not None and place_of(here) != running.database:
            text = f"the running roles use {running.database}, not {place_of(here)} of DATABASE_URL; restart `retrace up`, or set it as they have it"
            return here, Check("settings", False, text)
        return here, None
    if running is None:
        return None, None  # said already
    here = EmbeddedPostgres(settings.data).url
    if place_of(here) != running.database:
        return None, Check(
            "settings", False, f"the running roles use {running.database}; set DATABASE_URL as they have it"
        )
    return here, None


async def _of_database(cell: Cell) -> AsyncIterator[Check]:
    if not cell.signers and not cell.migrates:
        yield Check(
            "database", False, "the roles log in with what derives from the master key, which is not here"
        )
        return
    try:
        with explained(cell.url):
            connection = await opened(cell)
    except Fault as error:
        yield Check("database", False, str(error))
        return
    async with connection:
        if (why := await unfit(connection, cell.url)) is not None:
            yield Check("database", False, why)
            return
        began = time.time()
        query = (
            "SELECT version(), extract(epoch FROM clock_timestamp()), datctype FROM pg_database "
            "WHERE datname = current_database()"
        )
        row = await (await connection.execute(query)).fetchone()
        took = time.time() - began
        assert row is not None
        version = str(row[0]).split(" on ")[0]
        yield Check("database", True, f"{version}, answers in {took * 1000:.0f} ms{_characters(str(row[2]))}")
        skew = abs(began + took / 2 - float(row[1]))
        hint = "" if skew < SKEW else "; let both machines keep time by NTP"
        yield Check("clock", skew < SKEW, f"{skew * 1000:.0f} ms from the database's{hint}")
        query = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
        vector = await (await connection.execute(query)).fetchone()
        detail = str(vector[0]) if vector else "missing: CREATE EXTENSION vector, as a superuser"
        yield Check("pgvector", vector is not None, detail)
        waiting = await pending(connection)
    yield Check("schema", waiting is None, waiting or "up to date")
    if waiting:
        return
    if not cell.signers:
        return  # nobody logs in without a master key, as was said
    yield (check := await _logins(cell))
    if not check.ok:
        return
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(Database(cell, role="retrace_runner", size=1))
        keeper = await stack.enter_async_context(Database(cell, role="retrace_keeper", size=1))
        count, faults = await unopened(system, keeper, cell.master)
        more = f"; and {len(faults) - SOME} more" if len(faults) > SOME else ""
        detail = "; ".join(faults[:SOME]) + more if faults else f"all {count} open"
        yield Check("tenants' keys", not faults, detail)
        yield await _projections(system)
        yield await _work(system)


def _characters(ctype: str) -> str:
    if ctype.lower().replace("-", "") == "c.utf8":
        return ""
    return (
        f"; its LC_CTYPE is {ctype}, not C.UTF-8 as in a new one: Retrace works the same, but PostgreSQL's own full text "
        "may cut words elsewhere; only a new database can have another"
    )


async def _logins(cell: Cell) -> Check:
    """Whether each role comes in as itself."""
    wrong = []
    for role in ROLES:
        try:
            with explained(cell.url):
                await (await connect(cell, role)).close()
        except Fault as error:
            wrong.append(str(error))
    mark = cell.signers[0].mark.hex()
    return Check("logins", not wrong, "; ".join(wrong) or f"each role logs in as itself (…_{mark})")


async def _projections(system: Database) -> Check:
    wrong, behind = [], 0.0
    for name, events, seconds, stopped, parked in await worst_lags(system, PROJECTIONS):
        behind = max(behind, events)
        if stopped:
            wrong.append(f"{name} has stopped for {stopped:.0f} tenants")
        if parked:
            wrong.append(f"{name} has parked {parked:.0f} events")
        if events and seconds > LATE and not stopped:
            wrong.append(f"{name} is {events:.0f} events and {seconds:.0f} s behind: is a projector running?")
    if wrong:
        return Check(
            "projections",
            False,
            f"{'; '.join(wrong)}; `retrace projections list` shows them, `retry` or `skip` mend them",
        )
    return Check("projections", True, f"at most {behind:.0f} events behind")


async def _work(system: Database) -> Check:
    wrong, waits = [], 0.0
    for kind, _, due, _, parked, oldest in await queues(system):
        waits += due
        if parked:
            wrong.append(
                f"{parked:.0f} of {kind} are parked: `retrace work list --parked`, then `retrace work retry`"
            )
        if oldest > LATE:
            wrong.append(f"{kind} has waited for {oldest:.0f} s: is a worker running?")
    return Check("work", not wrong, "; ".join(wrong) if wrong else f"{waits:.0f} due, none parked")


async def _of_redis(settings: Settings, running: Running | None) -> AsyncIterator[Check]:
    url = str(settings.redis_url) if settings.redis_url is not None else None
    if url is None and running is not None and running.redis == place_of(EmbeddedRedis(settings.data).url):
        url = EmbeddedRedis(settings.data).url
    here = place_of(url) if url else None
    if running is not None and here != running.redis:
        text = f"the running roles use {running.redis or 'none'}, not {here or 'none'}; set REDIS_URL as they have it, or restart `retrace up`"
        yield Check("Redis", False, text)
        return
    if url is None:
        yield Check(
            "Redis", True, "none: going on without caches and hints, each process judges providers alone"
        )
        return
    if (why := await redis_trouble(url)) is not None:
        yield Check("Redis", False, f"{why}; the roles go on without caches and hints until then")
        return
    async with RedisConnection(Secret(url)) as reach:
        yield Check("Redis", True, f"{here} answers")
        health = SharedHealth(reach)
        sick = [
            f"{place.id} ({lately.reason})" for place, lately in (await health.all()).items() if lately.until
        ]
        await health.close()
        hint = "; `retrace providers reset` lets them be asked at once"
        yield Check(
            "circuits", not sick, f"left alone: {', '.join(sick)}{hint}" if sick else "no model is left alone"
        )


def _disk(settings: Settings) -> Check:
    folder = settings.data.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    hint = "" if free > LEAST else "; make room, or writes are refused"
    return Check("disk", free > LEAST, f"{free / 2**30:.1f} GiB free in {folder}{hint}")
