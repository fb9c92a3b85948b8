"""Webhooks whose signature was wrong, counted by tenant and account in Redis, some at once. Implements `application.ports.Rejections`.

They are no events: anybody can send them, as many as they like. Without Redis each process knows of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import get_args
from uuid import UUID

from redis.asyncio import Redis

from application.ports import Rejection
from infra.redis.connection import RedisConnection, RedisUnavailable

log = logging.getLogger("retrace.webhooks")

EVERY = 1.0
"""Seconds in which a process counts for itself before it tells."""

KEPT = 30 * 24 * 3600
"""Seconds after the last one for which they are kept."""


class CountedRejections:
    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection
        self._here: Counter[tuple[UUID, str, Rejection]] = Counter()
        self._telling: asyncio.Task[None] | None = None

    def count(self, tenant: UUID, account: str, rejection: Rejection) -> None:
        self._here[tenant, account, rejection] += 1
        if self._connection.configured and self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def of(self, tenant: UUID) -> Mapping[str, Mapping[Rejection, int]]:
        found: dict[str, dict[Rejection, int]] = {}

        def add(account: str, rejection: Rejection, many: int) -> None:
            counts = found.setdefault(account, {})
            counts[rejection] = counts.get(rejection, 0) + many

        try:
            told = await self._connection.ask(lambda redis: redis.hgetall(_name(tenant)))
        except RedisUnavailable:
            told = {}
        for name, value in told.items():
            account, _, word = _text(name).partition(" ")
            for rejection in get_args(Rejection):
                if word == rejection:
                    add(account, rejection, int(value))
        for (owner, account, rejection), many in self._here.items():
            if owner == tenant:
                add(account, rejection, many)
        return found

    async def close(self) -> None:
        """Tell what is left."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])
        if self._connection.configured and self._here:
            await self._told()

    async def _tell(self) -> None:
        await asyncio.sleep(EVERY)
        self._telling = None
        await self._told()

    async def _told(self) -> None:
        told, self._here = self._here, Counter()

        async def add(redis: Redis) -> None:
            async with redis.pipeline(transaction=True) as pipeline:
                for (tenant, account, rejection), many in told.items():
                    pipeline.hincrby(_name(tenant), f"{account} {rejection}", many)
                    pipeline.expire(_name(tenant), KEPT)
                await pipeline.execute()

        try:
            await self._connection.ask(add)
        except RedisUnavailable as error:
            self._here.update(told)
            log.warning("rejected webhooks were not counted in Redis: %s", error)


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()


def _name(tenant: UUID) -> str:
    return f"retrace:webhooks-rejected:{tenant}"
