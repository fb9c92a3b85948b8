"""The answer to a message while it is made, as server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

from application.conversations.conversation import Received
from application.conversations.streaming import Subscriber
from application.ports import Fault
from domain.base.context import Context
from domain.base.errors import Refusal
from domain.base.plain_digits import to_json
from interfaces.bootstrap import Services
from interfaces.http.conversations.answer_task import begin_answer, interaction_given, pending

HEARTBEAT = 15.0
"""Seconds between signs of life."""


async def events_of(
    received: Received, wait: float, context: Context, services: Services
) -> AsyncGenerator[bytes, None]:
    """`accepted`, then `piece` and `restarted` as they come, at the end `interaction`; `pending` after `wait` seconds."""
    parts: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def emit(piece: str) -> None:
        parts.put_nowait(_event("piece", {"text": piece}))

    async def restarted() -> None:
        parts.put_nowait(_event("restarted", {}))

    names = {"interaction": received.interaction, "conversation": received.conversation}
    yield _event("accepted", names, received.position)
    last = _event("pending", pending(received), received.position)
    if wait:
        until = time.monotonic() + wait
        subscriber = Subscriber(received.interaction, emit, restarted)
        task = begin_answer(received, wait, context, services, subscriber)
        task.add_done_callback(lambda _: parts.put_nowait(None))
        while (left := until - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(min(left, HEARTBEAT)):
                    part = await parts.get()
            except TimeoutError:
                part = b": it is being made\n\n"
            if part is None:
                break
            yield part
        try:
            if task.done() and (
                found := await interaction_given(task.result(), received, context.tenant, services)
            ):
                last = _event("interaction", *found)
        except (Fault, Refusal):
            pass  # whatever befell the answer is not the customer's: the work row sees to it
    yield last


def _event(name: str, data: Any, position: int | None = None) -> bytes:
    id = b"" if position is None else b"id: %d\n" % position
    return b"%sevent: %s\ndata: %s\n\n" % (id, name.encode(), to_json(data))
