"""What may be lost, in Redis: sealed, per tenant, for a while; and of many who want the same at once one makes it.

Implements `application.ports.Cache`. One round trip finds an entry, or takes the right to make it. `forget` renews a generation that is
part of an entry's name: the old entries are found no more, and go by themselves.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import UUID

from application.base.in_work import waiting
from application.ports import CACHE_KINDS, CacheKind, Fault, Keep, Keyring
from infra.redis.cache_batch import CacheBatch
from infra.redis.cache_entry import Entry, generation
from infra.redis.connection import RedisConnection, RedisUnavailable
from infra.redis.fill_lock import LEASE, FillLease

SECONDS: dict[CacheKind, int] = {"responses": 60, "embeddings": 300, "searches": 60}

REMEMBERED = 2 * max(SECONDS.values())
"""Seconds for which a generation stands: whatever had an older one is gone by then."""

LONGEST = 65
"""Seconds for which others wait for whoever makes an entry: longer than it may take."""

AFTER = 0.001
"""Seconds after which what was made is kept: whoever made it goes on first."""

FIRST_LOOK, LATER_LOOKS = 0.01, 0.1
"""Seconds between looks while another process makes it."""

LABEL, LABELS = re.compile(r"[a-z0-9_.-]{0,32}"), 100
"""Groups that have figures of their own, and how many; the others are counted as `other`."""

UNDELIVERED = 1_000
"""Things to forget that wait for Redis to come back; beyond them everything is forgotten."""

# found: [1, entry]. To be made, by the caller: [2]. By somebody else: [0]. Made just now, and not to be kept: [3].
LOOK = """
local name = KEYS[5]
for _, generation in ipairs(redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4])) do
    name = name .. ':' .. (generation or '')
end
local found = redis.call('GET', name)
if found then return {1, name, found} end
local making = name .. ':making'
if redis.call('SET', making, ARGV[1], 'NX', 'PX', ARGV[2]) then return {2, name, ''} end
return {redis.call('GET', making) == 'in vain' and 3 or 0, name, ''}
"""

FORGET = "for _, name in ipairs(KEYS) do redis.call('SET', name, ARGV[1], 'EX', ARGV[2]) end"


class Looked(NamedTuple):
    state: int
    name: bytes
    sealed: bytes


class Ended(NamedTuple):
    """How making came out for those who wait in this process. `well`: nothing was raised; None: it is not to be kept."""

    well: bool
    made: bytes | None


class RedisCache:
    """`hits` and `misses` count by kind and group, for the metrics."""

    def __init__(self, connection: RedisConnection, keyring: Keyring) -> None:
        self._connection, self._keyring = connection, keyring
        self._making: dict[tuple[int, Entry], asyncio.Future[Ended]] = {}
        self._forgotten = 0  # how often: who comes after joins nobody who began before
        self._keeping: set[asyncio.Task[None]] = set()
        self._unforgotten: set[str] = set()
        self.hits: Counter[tuple[CacheKind, str]] = Counter()
        self.misses: Counter[tuple[CacheKind, str]] = Counter()

    async def once(
        self,
        tenant: UUID,
        kind: CacheKind,
        key: bytes,
        make: Callable[[], Awaitable[bytes | None]],
        *,
        group: str = "",
    ) -> tuple[bytes | None, bool]:
        entry = Entry(tenant, kind, key, group)
        while (making := self._making.get(place := (self._forgotten, entry))) is not None:
            ended = await waiting(asyncio.shield(making))
            if ended.made is not None:
                self._count(self.hits, entry)
                return ended.made, True
            if ended.well:  # nothing to be shared: no reason to go on one after the other
                self._count(self.misses, entry)
                return await make(), False
        future = self._making[place] = asyncio.get_running_loop().create_future()
        ended, keeping = Ended(False, None), None
        try:
            made, found, keeping = await self._found_or_made(entry, make)
            ended = Ended(True, made)
            return made, found
        finally:
            future.set_result(ended)
            if keeping is None:
                del self._making[place]
            else:  # the caller need not wait for it; until then whoever wants the same has it from here
                task = asyncio.create_task(keeping)
                self._keeping.add(task)
                task.add_done_callback(self._keeping.discard)
                task.add_done_callback(lambda _: self._making.pop(place))

    async def found(
        self, tenant: UUID, kind: CacheKind, keys: Sequence[bytes], *, group: str = ""
    ) -> tuple[Sequence[bytes | None], Keep]:
        entries = [Entry(tenant, kind, key, group) for key in keys]
        batch = CacheBatch(entries, SECONDS[kind], self._connection, self._keyring)
        if self._unforgotten:
            with suppress(RedisUnavailable):
                await self._forget()
        found = [None] * len(entries) if self._unforgotten else await batch.found()
        for entry, each in zip(entries, found, strict=True):
            self._count(self.misses if each is None else self.hits, entry)
        return found, batch.keep

    async def forget(self, tenant: UUID | None, kind: CacheKind, group: str = "") -> None:
        self._forgotten += 1
        self._unforgotten.add(generation(tenant, kind, group))
        if len(self._unforgotten) > UNDELIVERED:
            self._unforgotten = {generation(None, every, "") for every in CACHE_KINDS}
        with suppress(RedisUnavailable):  # before anything is looked up again, it is made good
            await self._forget()

    async def close(self) -> None:
        """Keep what is to be kept."""
        while self._keeping:
            await asyncio.wait(set(self._keeping))

    async def _found_or_made(
        self, entry: Entry, make: Callable[[], Awaitable[bytes | None]]
    ) -> tuple[bytes | None, bool, Coroutine[Any, Any, None] | None]:
        """What there is, whether it was there, and what is left to be done for others."""
        token, pause = secrets.token_hex(8), FIRST_LOOK
        deadline = time.monotonic() + LONGEST
        while (looked := await self._looked(entry, token)) is not None:
            if looked.state == 1 and (kept := await entry.opened(looked.sealed, self._keyring)) is not None:
                self._count(self.hits, entry)
                return kept, True, None
            if looked.state != 0 or time.monotonic() > deadline:
                break
            await asyncio.sleep(pause)
            pause = min(2 * pause, LATER_LOOKS)
        self._count(self.misses, entry)
        if looked is None or looked.state != 2:
            return await make(), False, None
        making = FillLease(self._connection, looked.name, token)
        try:
            made = await making.run(make)
        except BaseException:
            await asyncio.shield(making.give_up())  # somebody else may try
            raise
        return made, False, self._keep(entry, making, made)

    async def _keep(self, entry: Entry, making: FillLease, made: bytes | None) -> None:
        await asyncio.sleep(AFTER)
        sealed = None if made is None else await entry.sealed(made, self._keyring)
        await making.end(sealed, SECONDS[entry.kind])

    async def _looked(self, entry: Entry, token: str) -> Looked | None:
        """None: there is no Redis now."""
        if not self._connection.there:
            return None
        generations = entry.generations
        try:
            if self._unforgotten:
                await self._forget()
            name = await entry.name(self._keyring)
            looked: tuple[int, bytes, bytes] = await self._connection.command(
                "EVAL", LOOK, 5, *generations, name, token, int(LEASE * 1000)
            )
        except Fault:
            return None
        return Looked(*looked)

    async def _forget(self) -> None:
        names = tuple(self._unforgotten)
        await self._connection.command("EVAL", FORGET, len(names), *names, secrets.token_hex(6), REMEMBERED)
        self._unforgotten.difference_update(names)

    def _count(self, counts: Counter[tuple[CacheKind, str]], entry: Entry) -> None:
        group = entry.group
        known = (entry.kind, group) in counts or len(counts) < LABELS
        counts[entry.kind, group if known and LABEL.fullmatch(group) else "other"] += 1
