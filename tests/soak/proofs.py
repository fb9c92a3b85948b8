"""What must be true of a deployment's log and read models once it is quiet."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest

from application.budgets.budget import ALERT_WORK
from application.budgets.charges import compare_tallies
from application.budgets.pool import IDLE
from application.budgets.settle import RESERVATION_WORK
from application.conversations.owing import HANDOFF_WORK
from application.ports import Unavailable
from application.ports.alerts import EVALUATE_WORK
from application.ports.work import DELIVER_WORK
from domain.audit.invariants import Invariants
from domain.base.recorded import Recorded
from domain.budgets.reservation import Reservation
from domain.conversations.conversation import Conversation
from infra.log import store as log_store
from infra.log.reader import Reader
from infra.log.snapshot_check import SnapshotCheck
from infra.postgres.database import Database
from infra.projections.projector import Projector
from interfaces.bootstrap import Services
from projections import PROJECTIONS
from tests.soak.deployment import Deployment


async def quiet(parts: Services, seconds: float = 180, *, doubts: bool = False) -> None:
    """Until nothing is owed, every projection is at the end of the log, and nobody has anything left that is reserved ahead. `doubts`: but for
    deliveries whose attempt was cut off, which are looked for at the channel until it is sure, 20 minutes later, that it has nothing of them.

    What killed processes have reserved is given back later, a handoff ends when nobody has come for long, and alerts are
    looked at for ever.
    """
    heads = "SELECT tenant, seq FROM heads ORDER BY tenant"
    owed = (
        "SELECT kind, attempts, error, parked_at, wake_at - now() FROM work "
        "WHERE (kind <> ALL (%s) OR wake_at < now() OR attempts > 0) "
        "AND NOT (%s AND kind = %s AND attempts = 0 AND wake_at > now() + interval '5 seconds')"
    )
    behind = (
        "SELECT h.tenant, p, h.seq, c.seq, c.stopped FROM heads h CROSS JOIN unnest(%s::text[]) AS p "
        "LEFT JOIN cursors c ON c.tenant = h.tenant AND c.projection = p WHERE coalesce(c.seq, 0) < h.seq"
    )
    deadline = time.monotonic() + seconds
    before: Any = None
    since = 0.0
    while True:
        try:
            async with parts.system.system() as connection:
                left = await (
                    await connection.execute(
                        owed,
                        [
                            [RESERVATION_WORK, ALERT_WORK, HANDOFF_WORK, EVALUATE_WORK],
                            doubts,
                            DELIVER_WORK,
                        ],
                    )
                ).fetchall()
                left += await (await connection.execute(behind, [[p.name for p in PROJECTIONS]])).fetchall()
                now = await (await connection.execute(heads)).fetchall()
        except Unavailable as error:  # killed a moment ago, perhaps, and not back yet
            left, now = [(str(error),)], None
        if left or now != before:
            before, since = now, time.monotonic()
        elif time.monotonic() - since > 2 * IDLE:
            return
        assert time.monotonic() < deadline, f"work or projections did not come to an end: {left[:5]}"
        await asyncio.sleep(0.1)


async def verify(
    deployed: Deployment, acknowledged: dict[str, UUID], superuser_url: str | None = None
) -> None:
    """Nothing acknowledged lost, nothing doubled, each message answered once, all invariants over every prefix, a clean log,
    and read models that are equal to a rebuild from zero. The deployment is quiet. `superuser_url`: where its database is not its own."""
    parts, tenants = deployed.parts, [tenant for tenant, _ in deployed.tenants]
    for tenant in tenants:
        events = [recorded async for recorded in parts.store.events(tenant)]
        assert [recorded.position for recorded in events] == list(range(1, len(events) + 1))
        received = Counter(
            r.event.message for r in events if isinstance(r.event, Conversation.MessageReceived)
        )
        answered = Counter(
            m for r in events if isinstance(r.event, Conversation.Answered) for m in r.event.messages
        )
        ours = {message for message, owner in acknowledged.items() if owner == tenant}
        assert ours <= received.keys()
        assert set(received.values()) == {1}
        otherwise = {each: answered[each] for each in received | answered if answered[each] != 1}
        assert answered == received, f"not answered once: {otherwise}"
        assert (await parts.checkpoints.make(tenant)) is not None
        report = await parts.verify(tenant)
        assert (report.events, report.findings) == (len(events), [])
        invariants = Invariants()
        invariants.fold(events)
        assert invariants.violations == []
        assert await compare_tallies(tenant, store=parts.store) == {}
        assert await owed_reservations(parts, tenant) == open_reservations(events)
        reserved = any(isinstance(recorded.event, Reservation.Done) for recorded in events)
        assert reserved == (tenant == tenants[0]), "the budget of the first tenant was not used"
    await check_snapshots(parts, tenants)
    before = await read_models(parts, tenants)
    url = superuser_url or str(parts.settings.database_url)
    with psycopg.connect(url, autocommit=True) as superuser:
        for name in (*before, "cursors"):
            superuser.execute(f"DELETE FROM retrace.{name}".encode())
    async with Database(parts.cell, role="retrace_projector") as writer:
        reader = Reader(writer, parts.keyring)
        again = Projector(PROJECTIONS, writer=writer, system=parts.system, reader=reader, hints=parts.hints)
        await again.catch_up()
    for _ in range(100):  # the running projector may have taken a part of it
        if await read_models(parts, tenants) == before:
            return
        await asyncio.sleep(0.1)
    assert await read_models(parts, tenants) == before


async def check_snapshots(parts: Services, tenants: list[UUID]) -> None:
    """What the roles have kept while they were killed is what replay gives; and what the same code keeps now, of every conversation."""
    checking = SnapshotCheck(parts.database, parts.keyring, parts.reader)
    for tenant in tenants:
        assert (await checking.run(tenant)).differing == []
        query = "SELECT conversation FROM conversations WHERE tenant = %s"
        async with parts.database.tenant(tenant) as connection:
            rows = await (await connection.execute(query, [tenant])).fetchall()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(log_store, "EVERY", 1)
            for (conversation,) in rows:
                await parts.store.load(Conversation, conversation, tenant=tenant)
        found = await checking.run(tenant)
        assert found.snapshots >= len(rows) > 0
        assert found.differing == []


def open_reservations(events: Sequence[Recorded]) -> set[UUID]:
    found = set()
    for recorded in events:
        if isinstance(recorded.event, Reservation.Made):
            found.add(recorded.stream)
        elif isinstance(recorded.event, Reservation.Done | Reservation.Expired):
            found.remove(recorded.stream)
    return found


async def owed_reservations(parts: Services, tenant: UUID) -> set[UUID]:
    """Those that end by themselves."""
    query = "SELECT key FROM work WHERE tenant = %s AND kind = %s"
    async with parts.database.tenant(tenant) as connection:
        rows = await (await connection.execute(query, [tenant, RESERVATION_WORK])).fetchall()
    return {UUID(key) for (key,) in rows}


async def read_models(parts: Services, tenants: list[UUID]) -> dict[str, list[Any]]:
    """All rows."""
    found: dict[str, list[Any]] = {}
    for table in (table for projection in PROJECTIONS for table in projection.tables):
        rows: list[Any] = []
        for tenant in tenants:
            async with parts.database.tenant(tenant) as connection:
                rows += await (await connection.execute(f"SELECT * FROM {table.name}".encode())).fetchall()
        found[table.name] = sorted(rows, key=repr)
    return found
