"""When API keys were last used, in Redis: it may vanish. Implements `application.ports.KeyUse`."""

from __future__ import annotations

import logging
from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

from infra.reach import Away, Reach

log = logging.getLogger("retrace.keys")
COARSE = timedelta(minutes=1)
"""A key's use is written once in this time."""
REMEMBERED = 10_000
"""Keys of which a process knows when it wrote last."""


class RedisKeyUse:
    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._written: OrderedDict[tuple[UUID, str], datetime] = OrderedDict()

    async def used(self, tenant: UUID, key: str, at: datetime) -> None:
        """Without Redis nothing is kept."""
        before = self._written.get((tenant, key))
        if not self._reach.configured or (before is not None and at - before < COARSE):
            return
        self._written[tenant, key] = at
        self._written.move_to_end((tenant, key))
        if len(self._written) > REMEMBERED:
            self._written.popitem(last=False)
        try:
            await self._reach.ask(lambda redis: redis.hset(_name(tenant), key, at.isoformat()))
        except Away as error:
            log.warning("the use of a key was not kept: %s", error)

    async def last(self, tenant: UUID) -> dict[str, datetime]:
        try:
            found = await self._reach.ask(lambda redis: redis.hgetall(_name(tenant)))
        except Away:
            return {}
        return {_text(key): datetime.fromisoformat(_text(at)) for key, at in found.items()}


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()


def _name(tenant: UUID) -> str:
    return f"retrace:key-use:{tenant}"
