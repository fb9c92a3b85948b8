"""When API keys were last used: within a minute in Redis, which may vanish, and within an hour in a table. Implements `application.ports.KeyUse`.

It is no event: nothing is decided by it, and keys in constant use would fill their tenants' streams.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from application.ports import Unavailable
from infra.postgres.database import Database
from infra.redis.connection import RedisConnection, RedisUnavailable

log = logging.getLogger("retrace.keys")
SOON, DURABLE = timedelta(minutes=1), timedelta(hours=1)
"""A key's use is written once in this time by each process: to Redis, and to the database."""
REMEMBERED = 10_000
"""Keys of which a process knows when it wrote last."""

Key = tuple[UUID, str]


class LastUse:
    """`database` has the role of the application."""

    def __init__(self, connection: RedisConnection, database: Database) -> None:
        self._connection, self._database = connection, database
        self._soon, self._durable = _Rate(SOON), _Rate(DURABLE)

    async def used(self, tenant: UUID, key: str, at: datetime) -> None:
        """Never fails: a request is not refused for it."""
        if self._durable.due((tenant, key), at):
            try:
                await self._keep(tenant, key, at)
            except (Unavailable, psycopg.Error) as error:
                self._durable.again((tenant, key))
                log.warning("the use of a key was not kept: %s", type(error).__name__)
        if self._connection.configured and self._soon.due((tenant, key), at):
            try:
                await self._connection.command("HSET", _name(tenant), key, at.isoformat())
            except RedisUnavailable as error:
                log.warning("the use of a key was not kept in Redis: %s", error)

    async def last(self, tenant: UUID) -> dict[str, datetime]:
        """By key id, the later one of both. Raises Unavailable."""
        query = "SELECT key, used_at FROM key_uses WHERE tenant = %s"
        async with self._database.tenant(tenant) as connection:
            found: dict[str, datetime] = dict(await (await connection.execute(query, [tenant])).fetchall())
        try:
            soon = await self._connection.ask(lambda redis: redis.hgetall(_name(tenant)))
        except RedisUnavailable:
            soon = {}
        for name, at in soon.items():
            key, used = _text(name), datetime.fromisoformat(_text(at))
            found[key] = max(used, found.get(key, used))
        return found

    async def _keep(self, tenant: UUID, key: str, at: datetime) -> None:
        upsert = (
            "INSERT INTO key_uses AS k VALUES (%s, %s, %s) ON CONFLICT (tenant, key) "
            "DO UPDATE SET used_at = excluded.used_at WHERE k.used_at < excluded.used_at"
        )
        async with self._database.tenant(tenant) as connection:
            await connection.execute(upsert, [tenant, key, at])


class _Rate:
    """Once in `every` for each of the keys that were due last."""

    def __init__(self, every: timedelta) -> None:
        self._every = every
        self._last: OrderedDict[Key, datetime] = OrderedDict()

    def due(self, key: Key, at: datetime) -> bool:
        """True counts as done."""
        before = self._last.get(key)
        if before is not None and at - before < self._every:
            return False
        self._last[key] = at
        self._last.move_to_end(key)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return True

    def again(self, key: Key) -> None:
        """It was not done after all."""
        self._last.pop(key, None)


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()


def _name(tenant: UUID) -> str:
    return f"retrace:key-use:{tenant}"
