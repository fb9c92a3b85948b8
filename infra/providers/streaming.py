"""A provider's stream: the events of a response as they come, within the limits that we set, on a connection that is closed or used again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import suppress

import httpx2

from infra.providers.server_events import ServerEvent, ServerEvents

LONGEST_STREAM = 600.0
"""Seconds of a whole stream, however much life there is in it."""

END = b"[DONE]"
"""What OpenAI's streams, and those of most who speak its API, have as their last event."""

CLOSING = 0.1
"""Seconds that we wait for the connection of a stream that has said that it is over, to use it again."""

Event = ServerEvent | None
"""None is a sign of life: bytes came, but no event."""


async def events(
    send: Callable[[], Awaitable[httpx2.Response]], *, seconds: float
) -> AsyncGenerator[Event, None]:
    """What the response that `send` gives is made of. Closing this closes the connection, unless all has come.

    `seconds`: the longest silence, before the response and in it. Raises TimeoutError, httpx2.HTTPError, and ValueError for what has no end.

    The last event may lack its blank line. What is no stream but one JSON text, as servers that can't stream answer, is one event.
    """
    clock, reader = asyncio.get_running_loop().time, ServerEvents()
    last = clock() + LONGEST_STREAM
    async with asyncio.timeout(seconds):
        response = await send()
    try:
        json = response.headers.get("content-type", "").startswith("application/json")
        whole: bytes | None = None
        chunks = response.aiter_bytes()
        while True:
            async with asyncio.timeout_at(min(clock() + seconds, last)):
                chunk = await anext(chunks, None)
            if chunk is None:
                break
            if whole is not None or (json and chunk.lstrip().startswith((b"{", b"["))):
                whole = (whole or b"") + chunk
                continue
            json = False
            found = reader.feed(chunk)
            if not found:
                yield None
            for event in found:
                yield event
                if event.data == END:
                    await _emptied(chunks)
                    return
        rest = reader.end() if whole is None else ServerEvent(whole)
        if rest is not None:
            yield rest
    finally:
        await response.aclose()


async def _emptied(chunks: AsyncIterator[bytes]) -> None:
    with suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(CLOSING):
            async for _ in chunks:
                pass
