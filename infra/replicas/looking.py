"""What a primary and a standby say of themselves: which cluster they are, on which timeline, and how far their log has come.

The timeline is looked at because a standby that went on from another primary has other rows at the same place of the log.
Source: https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CONTROLDATA
"""

from __future__ import annotations

from typing import NamedTuple

from infra.postgres.session import Connection

OF_BOTH = "(SELECT system_identifier FROM pg_control_system()), (SELECT oid::bigint FROM pg_database WHERE datname = current_database())"
PRIMARY = (
    "SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint, "
    f"('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int, {OF_BOTH}"
)
STANDBY = (
    "SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint, "
    "(SELECT max(t) FROM (SELECT timeline_id FROM pg_control_checkpoint() UNION ALL "
    f"SELECT min_recovery_end_timeline FROM pg_control_recovery()) AS known (t)), {OF_BOTH}"
)
RECOVERS = "SELECT pg_is_in_recovery()"


class Seen(NamedTuple):
    """`reached`: bytes of the log (WAL) that are flushed, of a standby those that are replayed. `cluster`: the system identifier; `database`: its oid."""

    reached: int
    timeline: int
    cluster: int
    database: int


async def primary_seen(connection: Connection) -> Seen:
    """Raises psycopg.Error; of a standby too."""
    row = await (await connection.execute(PRIMARY.encode(), prepare=False)).fetchone()
    assert row is not None
    return Seen(*row)


async def standby_seen(connection: Connection) -> Seen | None:
    """None: it is a standby no more. Raises psycopg.Error."""
    if await (await connection.execute(RECOVERS, prepare=False)).fetchone() != (True,):
        return None
    row = await (await connection.execute(STANDBY.encode(), prepare=False)).fetchone()
    assert row is not None
    return Seen(row[0] or 0, *row[1:])


def unfit(primary: Seen, standby: Seen | None) -> str:
    """Why what was named is no replica of this primary; empty where it is one."""
    if standby is None:
        return "it is no standby: it was promoted, or is another server; name a streaming standby in DATABASE_REPLICA_URL"
    if standby.cluster != primary.cluster:
        return "it is a standby of another server (its system identifier differs); name one of this primary's"
    if standby.database != primary.database:
        return (
            "its address names another database than the primary's; name the same one in DATABASE_REPLICA_URL"
        )
    if standby.timeline != primary.timeline:
        return f"it is on timeline {standby.timeline} of the log and the primary on {primary.timeline}: it follows soon, or follows another primary"
    return ""
