from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from application.ports import Unavailable
from domain.base.errors import NotFound
from infra.crypto.keyring import Keyring, Tampered
from infra.postgres.database import Database
from infra.spool import PIECE
from infra.storage.files import LocalFiles
from tests.cells import cell
from tests.contents import pieces, whole

CONTENT = b"Confidential content " * 1000


@pytest.fixture(name="files")
async def _files(database_url: str, tmp_path: Path) -> AsyncIterator[LocalFiles]:
    async with Database(cell(database_url), size=2) as database:
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
    await files.write(tenant, document, pieces(CONTENT))
    assert await whole(files.read(tenant, document)) == CONTENT
    await files.write(tenant, document, pieces(b"newer"))
    assert await whole(files.read(tenant, document)) == b"newer"
    await files.delete(tenant, document)
    await files.delete(tenant, document)
    with pytest.raises(NotFound):
        await whole(files.read(tenant, document))


async def test_the_content_lies_encrypted_under_ids_alone(files: LocalFiles, tmp_path: Path) -> None:
    tenant, document = uuid4(), uuid4()
    await files.write(tenant, document, pieces(CONTENT))
    assert stored(tmp_path) == [place(tmp_path, tenant, document)]
    assert b"Confidential" not in stored(tmp_path)[0].read_bytes()


async def test_no_tenant_reads_anothers_file(files: LocalFiles) -> None:
    tenant, document = uuid4(), uuid4()
    await files.write(tenant, document, pieces(CONTENT))
    with pytest.raises(NotFound):
        await whole(files.read(uuid4(), document))


async def test_files_that_change_places_are_found_out(files: LocalFiles, tmp_path: Path) -> None:
    tenant, one, other = uuid4(), uuid4(), uuid4()
    await files.write(tenant, one, pieces(b"one"))
    await files.write(tenant, other, pieces(b"other"))
    swap(place(tmp_path, tenant, one), place(tmp_path, tenant, other))
    with pytest.raises(Tampered):
        await whole(files.read(tenant, one))


async def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(
    files: LocalFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, document = uuid4(), uuid4()
    await files.write(tenant, document, pieces(b"old"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="the disk for documents is full"):
        await files.write(tenant, document, pieces(b"new"))
    monkeypatch.undo()
    assert await whole(files.read(tenant, document)) == b"old"
    assert stored(tmp_path) == [place(tmp_path, tenant, document)]


async def test_a_large_content_is_stored_in_pieces_and_never_whole_in_memory(
    files: LocalFiles, tmp_path: Path
) -> None:
    tenant, document, content = uuid4(), uuid4(), os.urandom(3 * PIECE + 17)
    await files.write(tenant, document, pieces(content[:10], content[10 : 2 * PIECE], content[2 * PIECE :]))
    given = [len(piece) async for piece in files.read(tenant, document)]
    assert given == [PIECE, PIECE, PIECE, 17]
    assert await whole(files.read(tenant, document)) == content


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
async def test_contents_of_all_sizes_come_back(files: LocalFiles, size: int) -> None:
    tenant, document, content = uuid4(), uuid4(), os.urandom(size)
    await files.write(tenant, document, pieces(content))
    assert await whole(files.read(tenant, document)) == content


async def test_pieces_that_are_cut_off_or_change_places_are_found_out(
    files: LocalFiles, tmp_path: Path
) -> None:
    tenant, document = uuid4(), uuid4()
    path = place(tmp_path, tenant, document)
    await files.write(tenant, document, pieces(os.urandom(3 * PIECE)))
    good, one = path.read_bytes(), (path.stat().st_size - 1) // 3
    first, second, third = (good[1 + n * one : 1 + (n + 1) * one] for n in range(3))
    for bad in (
        good[:1] + first + second,
        good[:1] + second + first + third,
        good[:1] + first + third,
        good[:-1],
        good[:1],
        good + first,
    ):
        path.write_bytes(bad)
        with pytest.raises(Tampered):
            await whole(files.read(tenant, document))
    path.write_bytes(good)
    assert len(await whole(files.read(tenant, document))) == 3 * PIECE


async def test_a_file_of_the_first_format_is_read(files: LocalFiles, tmp_path: Path) -> None:
    tenant, document = uuid4(), uuid4()
    path = place(tmp_path, tenant, document)
    path.parent.mkdir(parents=True)
    sealed = await files._keyring.seal(tenant, document, CONTENT, b"file" + document.bytes)
    path.write_bytes(sealed)
    assert await whole(files.read(tenant, document)) == CONTENT


@pytest.mark.parametrize("size", [0, 10, PIECE, PIECE + 1, 3 * PIECE + 5])
async def test_a_spool_gives_what_came_in_and_leaves_nothing(
    files: LocalFiles, tmp_path: Path, size: int
) -> None:
    content = CONTENT * (size // len(CONTENT) + 1)
    content = content[:size]
    async with files.spool() as spool:
        for start in range(0, size, 70_001):
            await spool.write(content[start : start + 70_001])
        assert (spool.size, spool.digest) == (size, sha256(content).hexdigest())
        assert spool.beginning(100) == content[:100]
        for _ in range(2):
            assert await whole(spool.pieces()) == content
        assert stored(tmp_path) == [], "its file has no name"
        if spool._file is not None:
            spool._file.seek(0)
            assert b"Confidential" not in spool._file.read()
