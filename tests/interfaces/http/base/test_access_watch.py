"""The watch of streams by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.base.errors import Unauthenticated
from interfaces.http.base.limits import access_watch
from interfaces.http.base.limits.access_watch import AccessWatch
from tests.until import PATIENCE


class Grant:
    def __init__(self) -> None:
        self.tenant, self.holder, self.revoked = uuid4(), "key", False

    async def check(self, store: Any, now: datetime, since: float) -> None:
        if self.revoked:
            raise Unauthenticated("this key was revoked")


class Silent:
    """Hints that never come."""

    async def listen(self, poll: float) -> AsyncIterator[frozenset[UUID]]:
        await asyncio.sleep(poll)
        yield frozenset()


async def test_a_stream_that_begins_when_the_watch_is_about_to_end_is_watched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, seconds in (("LINGER", 0.06), ("POLL", 0.02), ("GATHER", 0.01)):
        monkeypatch.setattr(access_watch, name, seconds)
    ends = 0

    async def heads(tenants: Collection[UUID]) -> dict[UUID, int]:
        nonlocal ends
        ends += 1
        return dict.fromkeys(tenants, ends)

    parts: Any = SimpleNamespace(
        hints=Silent(),
        reads=SimpleNamespace(heads=heads),
        store=None,
        clock=lambda: datetime.now(UTC),
        instruments=SimpleNamespace(streams=SimpleNamespace(cut=lambda _: None)),
    )
    for pause in range(20, 120, 4):  # milliseconds after the stream before has ended
        watch = AccessWatch(parts)
        with watch.watch(Grant()):
            await asyncio.sleep(0.01)
        await asyncio.sleep(pause / 1000)
        grant = Grant()
        with watch.watch(grant) as access:
            await asyncio.sleep(0.05)
            grant.revoked = True
            async with asyncio.timeout(PATIENCE):
                assert isinstance(await access.over, Unauthenticated), pause
