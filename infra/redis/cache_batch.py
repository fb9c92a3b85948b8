"""Several entries of the cache in two round trips, for who makes what is missing of them at once; nobody waits for anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from application.ports import Fault, Keyring
from infra.redis.cache_entry import Entry
from infra.redis.connection import RedisConnection


class CacheBatch:
    """Of entries of one tenant, kind and group. `names` is empty where there is no Redis now: then nothing is kept."""

    def __init__(
        self, entries: Sequence[Entry], seconds: int, connection: RedisConnection, keyring: Keyring
    ) -> None:
        self._entries, self._seconds = entries, seconds
        self._connection, self._keyring = connection, keyring
        self._names: list[str] = []

    async def found(self) -> list[bytes | None]:
        nothing: list[bytes | None] = [None] * len(self._entries)
        if not self._entries or not self._connection.there:
            return nothing
        generations = self._entries[0].generations
        try:
            made = await self._many(generations)
            end = "".join(f":{(each or b'').decode()}" for each in made)
            names = [await each.name(self._keyring) + end for each in self._entries]
            sealed = await self._many(names)
        except Fault:
            return nothing
        self._names = names
        return [
            None if each is None else await entry.opened(each, self._keyring)
            for entry, each in zip(self._entries, sealed, strict=True)
        ]

    async def keep(self, values: Mapping[int, bytes]) -> None:
        """By the places of the entries."""
        sealed = {
            self._names[place]: kept
            for place, value in values.items()
            if self._names and (kept := await self._entries[place].sealed(value, self._keyring)) is not None
        }

        puts = (
            self._connection.command("SET", name, value, "EX", self._seconds)
            for name, value in sealed.items()
        )
        with suppress(Fault):  # it may be lost
            await asyncio.gather(*puts)

    async def _many(self, names: list[str]) -> list[bytes | None]:
        return list(await self._connection.command("MGET", *names))
