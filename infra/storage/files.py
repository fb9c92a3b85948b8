"""Files of documents and conversations in a local folder, encrypted under the key of whose they are. Implements `application.ports.Files`.

A file = format u8 (2) | pieces, each length u32 | sealed text, whose context has its number and whether it is the last. Files of
format 1 are one sealed text.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import struct
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

from application.ports import Unavailable
from domain.base.errors import NotFound
from infra.crypto.keyring import FORMAT, Keyring, Tampered
from infra.spool import PIECE, FileSpool

PIECES = b"\x02"
LENGTH = struct.Struct(">I")
LONGEST = 2 * PIECE
"""Bytes of a sealed piece, at most."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""How a system says that there is no room."""


class LocalFiles:
    """Paths are made of ids only; what a user calls a file never becomes part of one."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._folder = folder / "files"
        self._keyring = keyring
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
        """Put the content in place whole or not at all. Raises Unavailable when there is no room for it."""
        path = self._path(tenant, subject, part)
        new = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            file = await asyncio.to_thread(_create, new)
            try:
                await asyncio.to_thread(file.write, PIECES)
                async for number, last, piece in _numbered(content):
                    about = _context(part or subject, number, last)
                    sealed = await self._keyring.seal(tenant, subject, piece, about)
                    await asyncio.to_thread(file.write, LENGTH.pack(len(sealed)) + sealed)
                await asyncio.to_thread(_close, file)
            finally:
                await asyncio.to_thread(file.close)
            await asyncio.to_thread(_put_in_place, new, path)
        except OSError as error:
            if error.errno in FULL:
                raise Unavailable(
                    "the disk for documents is full, so nothing was saved; try again once there is room"
                ) from error
            raise
        finally:
            await asyncio.to_thread(new.unlink, missing_ok=True)

    async def read(
        self, tenant: UUID, subject: UUID, part: UUID | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The content, piece by piece. Raises NotFound, Tampered."""
        try:
            file = await asyncio.to_thread(self._path(tenant, subject, part).open, "rb")
        except FileNotFoundError:
            raise NotFound("the content of this file is gone") from None
        try:
            if await asyncio.to_thread(file.read, 1) == FORMAT:
                sealed = FORMAT + await asyncio.to_thread(file.read)
                yield await self._keyring.unseal(tenant, sealed, b"file" + subject.bytes)
                return
            number, (sealed, last) = 0, await asyncio.to_thread(_piece, file)
            while sealed:
                yield await self._keyring.unseal(tenant, sealed, _context(part or subject, number, last))
                if last:
                    return
                number, (sealed, last) = number + 1, await asyncio.to_thread(_piece, file)
            raise Tampered("a stored file is cut off")
        finally:
            await asyncio.to_thread(file.close)

    async def delete(self, tenant: UUID, subject: UUID) -> None:
        await asyncio.to_thread(_remove, self._path(tenant, subject))

    async def delete_all(self, tenant: UUID) -> None:
        folder = self._folder / str(tenant)
        if folder.exists():
            await asyncio.to_thread(shutil.rmtree, folder)

    def _path(self, tenant: UUID, subject: UUID, part: UUID | None = None) -> Path:
        whole = self._folder / str(tenant) / str(subject)
        return whole if part is None else whole / str(part)


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


def _piece(file: BinaryIO) -> tuple[bytes, bool]:
    """The next sealed piece, and whether nothing follows it; empty where the file ends within it."""
    head = file.read(LENGTH.size)
    length = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else 0
    sealed = file.read(length) if 0 < length <= LONGEST else b""
    last = not file.read(1)
    if not last:
        file.seek(-1, os.SEEK_CUR)
    return (sealed, last) if len(sealed) == length else (b"", True)


def _remove(path: Path) -> None:
    """A file, or a folder of them; not there is as good."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _create(new: Path) -> BinaryIO:
    new.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return new.open("xb")


def _close(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()


def _put_in_place(new: Path, path: Path) -> None:
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
