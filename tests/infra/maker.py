"""A process of its own that begins to make an entry, and never ends: DATABASE_URL, REDIS_URL, tenant and key come as arguments."""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

from infra.crypto.keyring import Keyring
from infra.postgres.database import Database
from infra.redis.cache import RedisCache
from infra.redis.connection import RedisConnection
from tests.cells import cell
from tests.infra.log.parts import MASTER


async def make_for_ever() -> bytes:
    print("making", flush=True)
    await asyncio.sleep(3600)
    return b""


async def main(database_url: str, redis_url: str, tenant: str, key: str) -> None:
    async with Database(cell(database_url), size=1) as database:
        cache = RedisCache(RedisConnection(redis_url), Keyring(database, MASTER))
        await cache.once(UUID(tenant), "responses", key.encode(), make_for_ever)


asyncio.run(main(*sys.argv[1:]))
