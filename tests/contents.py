"""Contents as they come in and go out: piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path

from infra.spool import FileSpool


async def pieces(*each: bytes) -> AsyncIterator[bytes]:
    for piece in each:
        yield piece


async def whole(content: AsyncIterable[bytes]) -> bytes:
    return b"".join([piece async for piece in content])


async def spooled(content: bytes) -> FileSpool:
    """Small enough to need no file."""
    spool = FileSpool(Path("nowhere"), asyncio.Lock())
    await spool.write(content)
    return spool
