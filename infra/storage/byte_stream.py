"""Bytes by number, of a stream that gives them as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator


class ByteStream:
    """No more of it is held than is asked for, and what came together with that."""

    def __init__(self, came: AsyncIterator[bytes]) -> None:
        self._came = came
        self._held = bytearray()

    async def take(self, length: int) -> bytes:
        """The next `length` bytes; fewer where it ends."""
        while len(self._held) < length and await self._wait():
            pass
        taken = bytes(self._held[:length])
        del self._held[:length]
        return taken

    async def more(self) -> bool:
        """Whether anything follows."""
        return bool(self._held) or await self._wait()

    async def rest(self) -> bytes:
        while await self._wait():
            pass
        return await self.take(len(self._held))

    async def _wait(self) -> bool:
        """For something more; False: that was all."""
        async for data in self._came:
            if data:
                self._held += data
                return True
        return False
