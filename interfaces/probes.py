"""Readiness probes. Whoever asks needs no key, so however many ask, each is made once a second."""

from __future__ import annotations

from application.base.lately import Lately
from application.ports import Unavailable
from infra.crypto.checking import KeyCheck
from infra.postgres.database import Database
from infra.redis.connection import RedisConnection, RedisUnavailable


class Probes:
    """`system` has the role retrace_runner. What is told is at most a second old."""

    def __init__(self, system: Database, redis: RedisConnection, keys: KeyCheck) -> None:
        self._system, self._redis, self._keys = system, redis, keys
        self._database_answers = Lately(self._ask_database)
        self._redis_answers = Lately(self._ask_redis)

    async def database_answers(self) -> bool:
        return await self._database_answers.get()

    async def keys_fault(self) -> str | None:
        """Why nothing can be sealed or opened; None where it can, or the database does not answer."""
        try:
            return await self._keys.fault()
        except Unavailable:
            return None

    async def redis_answers(self) -> bool | None:
        """None: there is none."""
        return await self._redis_answers.get()

    async def _ask_database(self) -> bool:
        try:
            async with self._system.system() as connection:
                await connection.execute("SELECT 1")
        except Unavailable:
            return False
        return True

    async def _ask_redis(self) -> bool | None:
        if not self._redis.configured:
            return None
        try:
            await self._redis.command("PING")
        except RedisUnavailable:
            return False
        return True
