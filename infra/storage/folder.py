"""Blobs in a local folder, a folder for each tenant. Implements `infra.storage.blobs.Blobs`."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

from application.ports import Unavailable
from domain.base.errors import NotFound
from infra.spool import PIECE
from infra.storage.blobs import Blob

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""How a system says that there is no room."""


class FolderBlobs:
    """What is still being written has a name that begins with a dot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def place(self) -> str:
        return str(self.folder.resolve())

    def home(self, tenant: UUID) -> Path:
        """The tenant's folder."""
        return self.folder / str(tenant)

    async def put(self, tenant: UUID, name: str, content: AsyncIterable[bytes]) -> None:
        path = self.home(tenant) / name
        new = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            file = await asyncio.to_thread(_create, new)
            try:
                async for data in content:
                    await asyncio.to_thread(file.write, data)
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

    async def get(self, tenant: UUID, name: str) -> AsyncGenerator[bytes, None]:
        try:
            file = await asyncio.to_thread((self.home(tenant) / name).open, "rb")
        except FileNotFoundError:
            raise NotFound("the content of this file is gone") from None
        try:
            while data := await asyncio.to_thread(file.read, PIECE):
                yield data
        finally:
            await asyncio.to_thread(file.close)

    async def remove(self, tenant: UUID, name: str) -> None:
        await asyncio.to_thread(_remove, self.home(tenant) / name)

    async def remove_all(self, tenant: UUID) -> None:
        await asyncio.to_thread(_remove, self.home(tenant))

    async def listed(self, tenant: UUID) -> AsyncIterator[Blob]:
        for blob in await asyncio.to_thread(_listed, self.home(tenant)):
            yield blob

    async def tenants(self) -> list[UUID]:
        return await asyncio.to_thread(_tenants, self.folder)

    async def take(self, tenant: UUID, name: str, path: Path) -> bool:
        """A file of another folder, quicker than `put` and without waiting for the disk. False: it is gone there."""
        return await asyncio.to_thread(_take, path, self.home(tenant) / name)


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


def _listed(home: Path) -> list[Blob]:
    found = []
    for path in sorted(home.rglob("*")) if home.exists() else []:
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            stat = path.stat()
        except FileNotFoundError:  # removed just now
            continue
        found.append(
            Blob(
                name=path.relative_to(home).as_posix(),
                size=stat.st_size,
                at=stat.st_mtime,
                mark=f"{stat.st_mtime_ns}-{stat.st_ino}",
            )
        )
    return found


def _tenants(folder: Path) -> list[UUID]:
    found = []
    for path in sorted(folder.iterdir()) if folder.exists() else []:
        try:
            found.append(UUID(path.name))
        except ValueError:
            continue
    return found


def _take(source: Path, target: Path) -> bool:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        shutil.copyfile(source, new)
        os.replace(new, target)
    except FileNotFoundError:
        if source.exists():  # then it is this folder that is gone
            raise
        return False
    finally:
        new.unlink(missing_ok=True)
    return True
