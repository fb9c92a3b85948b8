"""The database, as far as it can be looked at: its server, logins, keys, read models and work."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from application.ports import Fault
from infra.crypto.checking import unopened
from infra.metrics.deployment import queues, worst_lags
from infra.postgres.cell import ROLES, Cell
from infra.postgres.database import Database, opened
from infra.postgres.faults import explained, unfit
from infra.postgres.logins import CALLABLE, REACHES
from infra.postgres.session import connect
from infra.schema.migrate import pending
from interfaces.doctor.check import Check
from projections import PROJECTIONS

SKEW = 2.0
"""Seconds that clocks may be apart: the health of providers wants 0.1, appending 15."""


LATE = 60.0
"""Seconds that a read model may be behind, and work that is due may wait."""


SOME = 5
"""Keys that are named one by one."""


async def of_database(cell: Cell) -> AsyncIterator[Check]:
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
        sure = skew - took / 2  # the database read its clock at some moment of that time
        hint = "" if sure < SKEW else "; let both machines keep time by NTP"
        yield Check("clock", sure < SKEW, f"{skew * 1000:.0f} ms from the database's{hint}")
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
        yield await _vector_indexes(system)
        yield await _analysts(system)


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


async def _analysts(system: Database) -> Check:
    """Whether analysts' logins can be made. Nothing else depends on it, so it is never a fault."""
    async with system.system() as connection:
        hindered = await (await connection.execute("SELECT analyst_logins_hindered()")).fetchone()
        callable = await (await connection.execute(CALLABLE, [REACHES])).fetchall()
    if hindered is not None and hindered[0] is not None:
        detail = f"this server makes no logins for them; where you want them, a superuser runs {hindered[0]}"
    elif callable:
        detail = (
            f"logins can be made; everybody who logs in may call {len(callable)} functions that hold others up or write, as "
            f"{callable[0][0]}: where a superuser runs `retrace migrate` once, they are taken away (docs/feeds.md)"
        )
    else:
        detail = "logins can be made"
    return Check("analysts", True, detail)


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


async def _vector_indexes(system: Database) -> Check:
    query = (
        "SELECT count(*) FILTER (WHERE whole AND ef IS NOT NULL), count(*) FILTER (WHERE whole AND ef IS NULL), "
        "count(*) FILTER (WHERE NOT whole) FROM (SELECT v.ef, v.built_at IS NOT NULL AND coalesce(i.indisvalid, false) AS whole "
        "FROM vector_indexes v LEFT JOIN pg_index i ON i.indexrelid = to_regclass('retrace.' || v.name)) standing"
    )
    async with system.system() as connection:
        row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    promoted, trial, unfinished = row
    more = f", {unfinished} being built or cut off, which a worker goes on with" if unfinished else ""
    return Check("vector indexes", True, f"{promoted} tenants' own serve, {trial} are on trial{more}")
