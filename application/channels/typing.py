"""The typing indicator: the customer sees that an answer is being made. Nothing waits for it, and nothing fails with it.

Implements `application.ports.Typing`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

from application.base.tasks import cancel_and_wait
from application.channels.accounts import sender_of
from application.ports import Channel, Fault, Store
from domain.base.errors import Refusal

MOST = 200
"""Calls under way in a process; whoever comes then is shown nothing."""


class TypingIndicator:
    def __init__(self, *, store: Store, channel: Channel) -> None:
        self._store, self._channel = store, channel
        self._under_way: set[asyncio.Task[None]] = set()

    def show(self, tenant: UUID, sender: str, message: str) -> None:
        if len(self._under_way) < MOST:
            task = asyncio.create_task(self._show(tenant, sender, message))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        await cancel_and_wait(*self._under_way)

    async def _show(self, tenant: UUID, sender: str, message: str) -> None:
        with suppress(Fault, Refusal):
            found = await sender_of(tenant, sender, store=self._store)
            if found is not None:
                await self._channel.typing(found.account, message)
