from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from application.ports import Unavailable
from domain.errors import NotFound
from infra.crypto.keyring import Keyring, Tampered
from infra.database import Database
from infra.storage import LocalFiles

CONTENT = b"Confidential content " * 1000


@pytest.fixture(name="files")
async def _files(database_url: str, tmp_path: Path) -> AsyncIterator[LocalFiles]:
    async with Database(database_url, size=2) as database:
        yield LocalFiles(tmp_path, Keyring(database, b"m" * 32))


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def place(folder: Path, tenant: UUID, document: UUID) -> Path:
    return folder / "files" / str(tenant) / str(document)


def swap(one: Path, other: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


async def test_what_was_written_is_read_and_what_was_deleted_is_gone(files: LocalFiles) -> None:
    tenant, document = uuid4(), uuid4()
    await files.write(tenant, document, CONTENT)
    assert await files.read(tenant, document) == CONTENT
    await files.write(tenant, document, b"newer")
    assert await files.read(tenant, document) == b"newer"
    await files.delete(tenant, document)
    await files.delete(tenant, document)
    with pytest.raises(NotFound):
        await files.read(tenant, document)


async def test_the_content_lies_encrypted_under_ids_alone(files: LocalFiles, tmp_path: Path) -> None:
    tenant, document = uuid4(), uuid4()
    await files.write(tenant, document, CONTENT)
    assert stored(tmp_path) == [place(tmp_path, tenant, document)]
    assert b"Confidential" not in stored(tmp_path)[0].read_bytes()


async def test_no_tenant_reads_anothers_file(files: LocalFiles) -> None:
    tenant, document = uuid4(), uuid4()
    await files.write(tenant, document, CONTENT)
    with pytest.raises(NotFound):
        await files.read(uuid4(), document)


async def test_files_that_change_places_are_found_out(files: LocalFiles, tmp_path: Path) -> None:
    tenant, one, other = uuid4(), uuid4(), uuid4()
    await files.write(tenant, one, b"one")
    await files.write(tenant, other, b"other")
    swap(place(tmp_path, tenant, one), place(tmp_path, tenant, other))
    with pytest.raises(Tampered):
        await files.read(tenant, one)


async def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(
    files: LocalFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, document = uuid4(), uuid4()
    await files.write(tenant, document, b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="the disk for documents is full"):
        await files.write(tenant, document, b"new")
    monkeypatch.undo()
    assert await files.read(tenant, document) == b"old"
    assert stored(tmp_path) == [place(tmp_path, tenant, document)]
