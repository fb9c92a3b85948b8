"""The fence: whose the tenant is. Each step is one transaction on one side; killed between any two, exactly one side may write, or come to.

leaving (source) | arriving (target) → the source is closed for a moment → moved (source): from here on it is the target's → arrived (target).
A source that is closed opens by itself when the lease ends; what was to be handed over then is stale, and is refused.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from psycopg import sql

from domain.base.aggregate import NIL
from domain.base.errors import NotFound, Refused
from infra.moving.side import Side
from infra.moving.tables import ASLEEP

LEASE = 20.0
"""Seconds for which a tenant is closed at most, unless it is handed over."""

FOR_EXPORT = 3650 * 86400.0
"""As long as it takes until an export is imported elsewhere, or taken back."""

END = "SELECT h.seq, e.hash FROM heads h LEFT JOIN events e ON e.tenant = h.tenant AND e.seq = h.seq WHERE h.tenant = %s"
"""The log's end: its length, and the hash of the last event."""

STATE = "SELECT m.state, m.move, m.place FROM tenant_moves m WHERE m.tenant = %s"


async def state_of(side: Side, tenant: UUID) -> tuple[str | None, UUID | None, str]:
    """State, move and place of the last move; whether there is such a tenant at all is another question."""
    async with side.transaction():
        row = await side.one(STATE, [tenant])
    return (row[0], row[1], row[2]) if row is not None else (None, None, "")


async def is_there(side: Side, tenant: UUID) -> bool:
    async with side.transaction():
        return await side.one("SELECT 1 FROM heads WHERE tenant = %s", [tenant]) is not None


async def begin(source: Side, target: Side, tenant: UUID) -> tuple[UUID, bool]:
    """The move's id, new or that of one which was cut off, and whether it is handed over already. Raises NotFound, Refused."""
    if not await is_there(source, tenant):
        raise NotFound(f"there is no tenant {tenant} here; `retrace tenant list` shows them all")
    state, move, place = await state_of(source, tenant)
    there, other, _ = await state_of(target, tenant)
    same = move is not None and move == other
    if state == "moved" and same and (there == "arriving" or await is_left(source, tenant)):
        assert move is not None
        return move, True
    if state == "moved":
        raise Refused(f"tenant {tenant} has moved to {place} already: move it from there")
    if state == "arriving":
        raise Refused(f"tenant {tenant} is on its way here from {place}: finish that move first")
    if state == "leaving" and await is_exported(source, tenant):
        raise Refused(
            f"tenant {tenant} is closed for an export: hand it over (`retrace tenant export {tenant} --hand-over`), or take it back (--abandon)"
        )
    if state == "leaving" and same and there == "arriving":
        assert move is not None
        return move, False
    if there != "moved" and there != "arriving" and await is_there(target, tenant):
        raise Refused(
            f"{target.name} has a tenant {tenant} already: remove that one first, or move the other to another place"
        )
    return uuid4(), False


async def is_left(source: Side, tenant: UUID) -> bool:
    """Whether something of a tenant that has moved lies here yet: the fence has its move's name until all is swept."""
    query = "SELECT 1 FROM heads WHERE tenant = %s AND closed_until = 'infinity' AND closed_by IS NOT NULL"
    async with source.transaction():
        return await source.one(query, [tenant]) is not None


async def swept(source: Side, tenant: UUID) -> None:
    async with source.transaction() as connection:
        await connection.execute(
            "UPDATE heads SET closed_by = NULL WHERE tenant = %s AND closed_until = 'infinity'", [tenant]
        )


async def leave(source: Side, tenant: UUID, move: UUID, place: str) -> None:
    await _note(source, tenant, move, "leaving", place)


async def expect(target: Side, tenant: UUID, move: UUID, place: str) -> None:
    """The tenant's head, closed, with nothing behind it yet."""
    async with target.transaction() as connection:
        await connection.execute(
            "INSERT INTO heads (tenant, seq, closed_by, closed_until) VALUES (%s, 0, %s, 'infinity') ON CONFLICT DO NOTHING",
            [tenant, move],
        )
    await _note(target, tenant, move, "arriving", place)


async def close(source: Side, tenant: UUID, move: UUID) -> None:
    """For LEASE seconds nobody writes. Whoever writes at this moment is waited for."""
    async with source.transaction():
        await _close(source, tenant, move, LEASE)


async def close_for_export(source: Side, tenant: UUID, move: UUID, place: str) -> None:
    """Nobody writes until it is handed over or taken back, and nothing that is due is begun: what is under way gives up, as after a crash."""
    await leave(source, tenant, move, place)
    async with source.transaction() as connection:
        await _close(source, tenant, move, FOR_EXPORT)
        await connection.execute(
            "UPDATE work SET wake_at = %s, holder = NULL, lease_until = NULL WHERE tenant = %s",
            [ASLEEP, tenant],
        )


async def _close(source: Side, tenant: UUID, move: UUID, seconds: float) -> None:
    closed = sql.SQL(
        "UPDATE heads SET closed_by = {}, closed_until = {} + {} * interval '1 second' WHERE tenant = {}"
    )
    now = await _clock(source, tenant)
    await source.connection.execute(closed.format(move, now, seconds, tenant))


async def _clock(side: Side, tenant: UUID) -> sql.Composable:
    """The time as a change takes it. On a Citus, which takes no clock there, it is a value: that of the node which has the tenant, and which appends
    go by, once its head is held."""
    if not side.spread:
        return sql.SQL("clock_timestamp()")
    await side.one("SELECT 1 FROM heads WHERE tenant = %s FOR UPDATE", [tenant])
    row = await side.one("SELECT clock_timestamp() FROM heads WHERE tenant = %s", [tenant])
    return sql.Literal(row[0])


async def reopen(source: Side, tenant: UUID, move: UUID) -> None:
    """What was closed for an export goes on here."""
    await open_again(source, tenant, move)
    async with source.transaction() as connection:
        await connection.execute(
            "UPDATE work SET wake_at = due_at WHERE tenant = %s AND wake_at = %s", [tenant, ASLEEP]
        )
        await connection.execute("DELETE FROM tenant_moves WHERE tenant = %s AND move = %s", [tenant, move])


async def is_exported(source: Side, tenant: UUID) -> bool:
    """Whether it is closed for longer than a move ever closes it."""
    query = (
        "SELECT 1 FROM heads WHERE tenant = %s AND closed_until < 'infinity' "
        "AND closed_until > clock_timestamp() + %s * interval '1 second'"
    )
    async with source.transaction():
        return await source.one(query, [tenant, 10 * LEASE]) is not None


async def open_again(source: Side, tenant: UUID, move: UUID) -> None:
    """What was closed by this move, and is not handed over."""
    async with source.transaction() as connection:
        await connection.execute(
            "UPDATE heads SET closed_by = NULL, closed_until = NULL WHERE tenant = %s AND closed_by = %s AND closed_until < 'infinity'",
            [tenant, move],
        )


async def hand_over(source: Side, tenant: UUID, move: UUID) -> bool:
    """From here on it is the target's; False: the lease has ended, and others may have written. What opens it here goes with it."""
    async with source.transaction() as connection:
        now = await _clock(source, tenant)
        cursor = await connection.execute(
            sql.SQL(
                "UPDATE heads SET closed_until = 'infinity' WHERE tenant = {} AND closed_by = {} AND closed_until > {} "
                "AND closed_until < 'infinity'"
            ).format(tenant, move, now)
        )
        if cursor.rowcount != 1:
            return False
        await connection.execute(
            sql.SQL(
                "UPDATE tenant_moves SET state = 'moved', changed_at = {} WHERE tenant = {} AND move = {}"
            ).format(now, tenant, move)
        )
        await connection.execute("DELETE FROM work WHERE tenant = %s", [tenant])
        await connection.execute("DELETE FROM tenant_keys WHERE tenant = %s", [tenant])
        # Processes that have its keys in memory look for this (infra/crypto/forgetting.py).
        await connection.execute(
            "INSERT INTO destroyed_keys (tenant, subject) VALUES (%s, %s) "
            "ON CONFLICT (tenant, subject) DO UPDATE SET at = excluded.at",
            [tenant, NIL],
        )
    return True


async def take_over(target: Side, tenant: UUID, move: UUID) -> None:
    """Open for writing. Its work wakes up; its analysts' logins are made."""
    async with target.transaction() as connection:
        await connection.execute(
            "UPDATE heads SET closed_by = NULL, closed_until = NULL WHERE tenant = %s AND closed_by = %s",
            [tenant, move],
        )
        await connection.execute(
            "UPDATE work SET wake_at = greatest(due_at, lease_until) WHERE tenant = %s AND wake_at = %s",
            [tenant, ASLEEP],
        )
        await connection.execute(
            "INSERT INTO work (tenant, kind, key, due_at, wake_at) "
            "VALUES (%s, 'analyst_logins', %s, clock_timestamp(), clock_timestamp()) ON CONFLICT DO NOTHING",
            [tenant, tenant.hex],
        )
        await connection.execute(
            sql.SQL(
                "UPDATE tenant_moves SET state = 'arrived', changed_at = {} WHERE tenant = {} AND move = {}"
            ).format(await _clock(target, tenant), tenant, move)
        )


async def _note(side: Side, tenant: UUID, move: UUID, state: str, place: str) -> None:
    async with side.transaction() as connection:
        await connection.execute(
            "INSERT INTO tenant_moves (tenant, move, state, place) VALUES (%s, %s, %s, %s) ON CONFLICT (tenant) DO UPDATE SET "
            "move = excluded.move, state = excluded.state, place = excluded.place, began_at = excluded.began_at, changed_at = excluded.changed_at",
            [tenant, move, state, place],
        )
