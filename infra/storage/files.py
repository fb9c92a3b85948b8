"""Contents, sealed piece by piece under the key of whose they are, wherever they lie. Implements `application.ports.Files`.

A file = format u8 (2) | pieces, each length u32 | sealed text, whose context has its number and whether it is the last. Files of
format 1 are one sealed text.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from uuid import UUID

from domain.base.errors import NotFound
from infra.crypto.keyring import FORMAT, Keyring, Tampered
from infra.spool import PIECE, FileSpool
from infra.storage.blobs import Blobs
from infra.storage.byte_stream import ByteStream

PIECES = b"\x02"
LENGTH = struct.Struct(">I")
LONGEST = 2 * PIECE
"""Bytes of a sealed piece, at most."""


class SealedFiles:
    """Names are made of ids only; what a user calls a file never becomes part of one. A file that is copied from one place to another opens there."""

    def __init__(self, blobs: Blobs, keyring: Keyring, folder: Path) -> None:
        """`folder`: for contents on their way in."""
        self.blobs = blobs
        self._keyring, self._folder = keyring, folder
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def spool(self) -> AsyncIterator[FileSpool]:
        """A place for a content until it is known whose it is."""
        made = FileSpool(self._folder, self._turn)
        try:
            yield made
        finally:
            await made.close()

    async def write(
        self, tenant: UUID, subject: UUID, content: AsyncIterable[bytes], part: UUID | None = None
    ) -> None:
        """Put the content in place whole or not at all. Raises Unavailable when there is no room for it, or its place can't be used."""
        async with aclosing(self._sealed(tenant, subject, content, part or subject)) as sealed:
            await self.blobs.put(tenant, _name(subject, part), sealed)

    async def read(
        self, tenant: UUID, subject: UUID, part: UUID | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The content, piece by piece. Raises NotFound, Tampered, Unavailable."""
        async with aclosing(self.blobs.get(tenant, _name(subject, part))) as came:
            stream = ByteStream(came)
            if await stream.take(1) == FORMAT:
                sealed = FORMAT + await stream.rest()
                yield await self._keyring.unseal(tenant, sealed, b"file" + subject.bytes)
                return
            number = 0
            while sealed := await _piece(stream):
                last = not await stream.more()
                yield await self._keyring.unseal(tenant, sealed, _context(part or subject, number, last))
                if last:
                    return
                number += 1
            raise Tampered("a stored file is cut off")

    async def has(self, tenant: UUID, subject: UUID) -> bool:
        """Whether the subject's file is there. Raises Unavailable."""
        async with aclosing(self.blobs.get(tenant, str(subject))) as came:
            try:
                await anext(came, None)
            except NotFound:
                return False
        return True

    async def delete(self, tenant: UUID, subject: UUID) -> None:
        await self.blobs.remove(tenant, str(subject))

    async def delete_all(self, tenant: UUID) -> None:
        await self.blobs.remove_all(tenant)

    async def _sealed(
        self, tenant: UUID, subject: UUID, content: AsyncIterable[bytes], file: UUID
    ) -> AsyncGenerator[bytes, None]:
        yield PIECES
        async for number, last, piece in _numbered(content):
            sealed = await self._keyring.seal(tenant, subject, piece, _context(file, number, last))
            yield LENGTH.pack(len(sealed)) + sealed


def _name(subject: UUID, part: UUID | None) -> str:
    return str(subject) if part is None else f"{subject}/{part}"


async def _numbered(content: AsyncIterable[bytes]) -> AsyncIterator[tuple[int, bool, bytes]]:
    """(number, whether it is the last, piece) of at most PIECE bytes each; at least one."""
    number, held = 0, bytearray()
    async for data in content:
        held += data
        while len(held) > PIECE:
            yield number, False, bytes(held[:PIECE])
            del held[:PIECE]
            number += 1
    yield number, True, bytes(held)


def _context(file: UUID, number: int, last: bool) -> bytes:
    return b"".join((b"file", file.bytes, number.to_bytes(4, "big"), b"." if last else b"+"))


async def _piece(stream: ByteStream) -> bytes:
    """The next sealed piece; empty where the file ends within it."""
    head = await stream.take(LENGTH.size)
    length = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else 0
    sealed = await stream.take(length) if 0 < length <= LONGEST else b""
    return sealed if len(sealed) == length else b""
