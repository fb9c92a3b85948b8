"""How far documents are that are processed, in Redis, which may vanish: then it is not told. Implements `application.ports.DocumentProgress`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

import msgspec

from application.ports import Progress
from infra.redis.connection import RedisConnection, RedisUnavailable

SECONDS = 3600
"""For which it is kept: longer than a document waits between two tries."""


class RedisProgress:
    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    async def tell(self, tenant: UUID, document: UUID, progress: Progress) -> None:
        with suppress(RedisUnavailable):
            told = msgspec.msgpack.encode(progress)
            await self._connection.command("SET", _name(tenant, document), told, "EX", SECONDS)

    async def find(self, tenant: UUID, documents: Sequence[UUID]) -> Mapping[UUID, Progress]:
        if not documents:
            return {}
        try:
            found = await self._connection.command("MGET", *(_name(tenant, each) for each in documents))
        except RedisUnavailable:
            return {}
        read: dict[UUID, Progress] = {}
        for document, told in zip(documents, found, strict=True):
            if told is not None:
                with suppress(msgspec.MsgspecError):  # another version of this program tells it otherwise
                    read[document] = msgspec.msgpack.decode(told, type=Progress)
        return read


def _name(tenant: UUID, document: UUID) -> str:
    return f"retrace:document-progress:{tenant}:{document}"
