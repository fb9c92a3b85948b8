"""How far documents are: known to other processes, and to nobody without Redis."""

from __future__ import annotations

from uuid import uuid4

import msgspec

from application.ports import Progress
from infra.embedded import Servers
from infra.redis.connection import RedisConnection
from infra.redis.document_progress import RedisProgress


async def test_what_one_process_tells_another_finds(servers: Servers) -> None:
    tenant, document = uuid4(), uuid4()
    reading = Progress(step="reading", done=2, of=9)
    async with RedisConnection(servers.redis_url) as one, RedisConnection(servers.redis_url) as other:
        await RedisProgress(one).tell(tenant, document, Progress(step="reading", done=1, of=9))
        await RedisProgress(one).tell(tenant, document, reading)
        assert await RedisProgress(other).find(tenant, [uuid4(), document]) == {document: reading}
        assert await RedisProgress(other).find(uuid4(), [document]) == {}
        assert await RedisProgress(other).find(tenant, []) == {}


async def test_what_another_version_tells_otherwise_is_not_told(servers: Servers) -> None:
    tenant, document, other = uuid4(), uuid4(), uuid4()
    told = Progress(step="indexing", done=0, of=9)
    async with RedisConnection(servers.redis_url) as redis:
        await RedisProgress(redis).tell(tenant, other, told)
        for strange in (msgspec.msgpack.encode({"step": "cutting", "done": 1, "of": 2}), b"\xc1"):
            await redis.command("SET", f"retrace:document-progress:{tenant}:{document}", strange, "EX", 60)
            assert await RedisProgress(redis).find(tenant, [document, other]) == {other: told}


async def test_without_redis_nothing_is_told_and_nothing_fails() -> None:
    async with RedisConnection(None) as nothing:
        progress = RedisProgress(nothing)
        await progress.tell(uuid4(), uuid4(), Progress(step="reading", done=1, of=9))
        assert await progress.find(uuid4(), [uuid4()]) == {}
