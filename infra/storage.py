"""Files of documents in a local folder, encrypted under the document's key. Implements `application.ports.Files`."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from uuid import UUID, uuid4

from application.ports import Unavailable
from domain.errors import NotFound
from infra.crypto.keyring import Keyring

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""How a system says that there is no room."""


class LocalFiles:
    """Paths are made of ids only; what a user calls a file never becomes part of one."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._folder = folder / "files"
        self._keyring = keyring

    async def write(self, tenant: UUID, document: UUID, content: bytes) -> None:
        """Put the content in place whole or not at all. Raises Unavailable when there is no room for it."""
        sealed = await self._keyring.seal(tenant, document, content, _context(document))
        try:
            await asyncio.to_thread(_write, self._path(tenant, document), sealed)
        except OSError as error:
            if error.errno in FULL:
                raise Unavailable(
                    "the disk for documents is full, so nothing was saved; try again once there is room"
                ) from error
            raise

    async def read(self, tenant: UUID, document: UUID) -> bytes:
        try:
            sealed = await asyncio.to_thread(self._path(tenant, document).read_bytes)
        except FileNotFoundError:
            raise NotFound("the content of this document is gone") from None
        return await self._keyring.unseal(tenant, sealed, _context(document))

    async def delete(self, tenant: UUID, document: UUID) -> None:
        await asyncio.to_thread(self._path(tenant, document).unlink, missing_ok=True)

    def _path(self, tenant: UUID, document: UUID) -> Path:
        return self._folder / str(tenant) / str(document)


def _context(document: UUID) -> bytes:
    return b"file" + document.bytes


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
    except OSError:
        new.unlink(missing_ok=True)  # as when the disk is full
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
