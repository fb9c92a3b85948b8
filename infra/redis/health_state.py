"""What all processes know together of how providers did: a state for each place in Redis, changed by compare and set.

The rules are domain/gateway/health.py's, in one place: Redis compares, stores, and says who may probe.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from application.ports import Place
from domain.gateway.health import Lately
from domain.models.completion import Outcome

KEPT = 3600
"""Seconds after which a place without calls is forgotten."""

PROBE = 35
"""Seconds for which a probe keeps others from probing, should it never end: longer than any attempt."""

TRIES = 5
"""Races against other processes that are lost in a row, before it is left for later."""

PREFIX = "retrace:health:"
PLACES = f"{PREFIX}places"
SWAP = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('SADD', KEYS[2], ARGV[4])
return 1
"""
LOCK = """
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'EX', ARGV[2]) then return redis.call('GET', KEYS[1]) or '' end
return false
"""
UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
CLEAN = """
for at, name in ipairs(ARGV) do
    if redis.call('EXISTS', KEYS[at + 1]) == 0 then redis.call('SREM', KEYS[1], name) end
end
"""

Seen = tuple[Outcome, float, float, float | None]
"""outcome, latency in ms, when, Retry-After."""


def with_seen(lately: Lately, seen: Sequence[Seen]) -> Lately:
    for outcome, latency_ms, at, retry_after in seen:
        lately = lately.recorded(outcome, latency_ms, at, retry_after)
    return lately


async def exchange(place: Place, seen: Sequence[Seen], redis: Redis) -> tuple[Lately, bool]:
    """Add what was seen; the state that all know, and whether that has it now."""
    for _ in range(TRIES):
        stored = await redis.get(_key(place)) or b""
        common = _read(stored)
        if not seen:
            return common, True
        told = with_seen(common, seen)
        state = msgspec.msgpack.encode(told)
        if await redis.eval(SWAP, 2, _key(place), PLACES, stored, state, KEPT, _text(place)):
            return told, True
    return common, False


async def lock(place: Place, token: str, redis: Redis) -> Lately | None:
    """Take the right to probe; None: somebody else has it.

    Whoever gets it is told the state behind it, since somebody else's probe may have ended a moment ago.
    """
    behind = await redis.eval(LOCK, 2, _key(place), _lock(place), token, PROBE)
    return None if behind is None else _read(behind)


async def unlock(place: Place, token: str, redis: Redis) -> None:
    await redis.eval(UNLOCK, 1, _lock(place), token)


async def forget(place: Place, redis: Redis) -> None:
    await redis.delete(_key(place), _lock(place))


async def everything(redis: Redis) -> dict[Place, Lately]:
    """All places that had calls within an hour."""
    names = sorted(map(_bytes, await redis.smembers(PLACES)))
    found: dict[Place, Lately] = {}
    for start in range(0, len(names), 500):
        part = names[start : start + 500]
        stored = await redis.mget([PREFIX.encode() + name for name in part])
        found |= {_place(name): _read(state) for name, state in zip(part, stored, strict=True) if state}
        if gone := [name for name, state in zip(part, stored, strict=True) if state is None]:
            keys = [PREFIX.encode() + name for name in gone]  # one of them may have come back a moment ago
            await redis.eval(CLEAN, 1 + len(keys), PLACES, *keys, *gone)
    return found


def _text(place: Place) -> str:
    return f"{place.owner.hex if place.owner else ''}|{place.provider}|{place.model}"


def _place(text: bytes) -> Place:
    owner, provider, model = text.decode().split("|", 2)
    return Place(provider=provider, model=model, owner=UUID(owner) if owner else None)


def _key(place: Place) -> str:
    return PREFIX + _text(place)


def _lock(place: Place) -> str:
    return f"{PREFIX}probe:{_text(place)}"


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _read(stored: bytes | str) -> Lately:
    """What another version of this program has stored is passed over: it is soon known again."""
    if not stored:
        return Lately()
    try:
        return msgspec.msgpack.decode(_bytes(stored), type=Lately)
    except msgspec.DecodeError:
        return Lately()
