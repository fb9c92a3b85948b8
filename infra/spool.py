"""A content on its way in, before it is known whose it is: in memory while it is small, else sealed in a file without a name.

Its key is in memory only: what is left of it after a crash can't be read. Implements `application.ports.Spool`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE = 256 * 1024
"""Bytes that are sealed and read together; no more of a content is in memory."""

_LENGTH = struct.Struct(">I")


class FileSpool:
    def __init__(self, folder: Path, turn: asyncio.Lock) -> None:
        """`turn`: of all contents that come in at the same time one is sealed at a time, so that little else waits for them."""
        self.size = 0
        self._folder, self._turn = folder, turn
        self._hash = hashlib.sha256()
        self._buffer = bytearray()
        self._beginning = b""
        self._file: BinaryIO | None = None
        self._key = AESGCM(AESGCM.generate_key(256))
        self._pieces = 0

    @property
    def digest(self) -> str:
        """SHA-256 of what was written, hexadecimal."""
        whole = self._hash.copy()
        whole.update(self._buffer)
        return whole.hexdigest()

    def beginning(self, length: int) -> bytes:
        """The first `length` bytes, at most PIECE."""
        return (self._beginning or bytes(self._buffer))[:length]

    async def write(self, data: bytes) -> None:
        self.size += len(data)
        self._buffer += data
        while len(self._buffer) > PIECE:
            piece = bytes(self._buffer[:PIECE])
            del self._buffer[:PIECE]
            self._beginning = self._beginning or piece
            async with self._turn:
                await asyncio.to_thread(self._put, piece)

    async def pieces(self) -> AsyncIterator[bytes]:
        """What was written, from its beginning."""
        if self._file is not None:
            await asyncio.to_thread(self._file.seek, 0)
            for number in range(self._pieces):
                yield await asyncio.to_thread(self._get, number)
        if self._buffer:
            yield bytes(self._buffer)

    async def close(self) -> None:
        """Forget it."""
        if self._file is not None:
            await asyncio.to_thread(self._file.close)
        self._buffer.clear()

    def _put(self, piece: bytes) -> None:
        """Hash, seal and write, beside the loop."""
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by `close`
        self._hash.update(piece)
        sealed = self._key.encrypt(self._pieces.to_bytes(12, "big"), piece, None)
        self._pieces += 1
        self._file.seek(0, os.SEEK_END)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)

    def _get(self, number: int) -> bytes:
        assert self._file is not None
        (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
        return self._key.decrypt(number.to_bytes(12, "big"), self._file.read(length), None)
