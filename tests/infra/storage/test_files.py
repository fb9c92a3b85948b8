"""What the port promises, held to by each place in which files may lie."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from application.base.tasks import cancel_and_wait
from domain.base.errors import NotFound
from infra.crypto.keyring import Keyring, Tampered
from infra.postgres.database import Database
from infra.spool import PIECE
from infra.storage.files import SealedFiles
from tests.cells import cell
from tests.contents import pieces, whole
from tests.infra.storage.places import InFolder, InStore, Place, in_bucket

CONTENT = b"Confidential content " * 1000


@pytest.fixture(name="keyring", scope="module")
async def _keyring(database_url: str) -> AsyncIterator[Keyring]:
    async with Database(cell(database_url), size=4) as database:
        yield Keyring(database, b"m" * 32)


STORE = os.environ.get("RETRACE_TEST_S3")


@pytest.fixture(name="place", params=["folder", "bucket", *(["store"] if STORE else [])])
async def _place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    if request.param == "folder":
        yield InFolder(tmp_path / "files")
        return
    if request.param == "store":
        yield InStore(str(STORE), tmp_path / "files")
        return
    async with in_bucket(tmp_path / "files") as made:
        yield made


@pytest.fixture(name="files")
def _files(place: Place, keyring: Keyring, tmp_path: Path) -> SealedFiles:
    return SealedFiles(place.blobs, keyring, tmp_path / "files")


async def test_what_was_written_is_read_and_what_was_deleted_is_gone(
    files: SealedFiles, place: Place
) -> None:
    tenant, document = uuid4(), uuid4()
    await files.write(tenant, document, pieces(CONTENT))
    assert await whole(files.read(tenant, document)) == CONTENT
    assert [*place.stored()] == [f"{tenant}/{document}"], "under ids alone"
    assert b"Confidential" not in b"".join(place.stored().values())
    await files.write(tenant, document, pieces(b"newer"))
    assert await whole(files.read(tenant, document)) == b"newer"
    await files.delete(tenant, document)
    await files.delete(tenant, document)
    with pytest.raises(NotFound):
        await whole(files.read(tenant, document))
    assert place.stored() == {}


async def test_nobody_reads_what_is_anothers_and_what_is_deleted_is_no_others(
    files: SealedFiles, place: Place
) -> None:
    tenant, other, one, two = (uuid4() for _ in range(4))
    parts = [uuid4() for _ in range(5)]  # more than a page of the store's list
    await asyncio.gather(*(files.write(tenant, one, pieces(part.bytes), part=part) for part in parts))
    await files.write(tenant, two, pieces(b"two"))
    await files.write(other, two, pieces(b"another's"))
    with pytest.raises(NotFound):
        await whole(files.read(other, one, parts[0]))
    assert [await whole(files.read(tenant, one, part)) for part in parts] == [each.bytes for each in parts]
    assert {blob.name async for blob in place.blobs.listed(tenant)} == {
        str(two),
        *(f"{one}/{part}" for part in parts),
    }
    assert set(await place.blobs.tenants()) == {tenant, other}
    await files.delete(tenant, one)
    assert {*place.stored()} == {f"{tenant}/{two}", f"{other}/{two}"}
    await files.delete_all(tenant)
    await files.delete_all(tenant)
    assert {*place.stored()} == {f"{other}/{two}"}


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 17])
async def test_contents_of_all_sizes_come_back_in_pieces(files: SealedFiles, size: int) -> None:
    tenant, document, content = uuid4(), uuid4(), os.urandom(size)
    await files.write(tenant, document, pieces(content[:10], content[10:]))
    given = [piece async for piece in files.read(tenant, document)]
    assert b"".join(given) == content
    assert [len(piece) for piece in given[:-1]] == [PIECE] * (len(given) - 1)


async def test_files_that_change_places_are_found_out(files: SealedFiles, place: Place) -> None:
    tenant, one, other = uuid4(), uuid4(), uuid4()
    await files.write(tenant, one, pieces(b"one"))
    await files.write(tenant, other, pieces(b"other"))
    place.change(f"{tenant}/{one}", place.stored()[f"{tenant}/{other}"])
    with pytest.raises(Tampered):
        await whole(files.read(tenant, one))


async def test_pieces_that_are_cut_off_or_change_places_are_found_out(
    files: SealedFiles, place: Place
) -> None:
    tenant, document = uuid4(), uuid4()
    name = f"{tenant}/{document}"
    await files.write(tenant, document, pieces(os.urandom(3 * PIECE)))
    good = place.stored()[name]
    one = (len(good) - 1) // 3
    first, second, third = (good[1 + n * one : 1 + (n + 1) * one] for n in range(3))
    for bad in (
        b"",
        good[:1] + first + second,
        good[:1] + second + first + third,
        good[:1] + first + third,
        good[:-1],
        good[:1],
        good + first,
    ):
        place.change(name, bad)
        with pytest.raises(Tampered):
            await whole(files.read(tenant, document))
    place.change(name, good)
    assert len(await whole(files.read(tenant, document))) == 3 * PIECE


async def test_a_file_of_the_first_format_is_read(files: SealedFiles, place: Place, keyring: Keyring) -> None:
    tenant, document = uuid4(), uuid4()
    sealed = await keyring.seal(tenant, document, CONTENT, b"file" + document.bytes)
    place.change(f"{tenant}/{document}", sealed)
    assert await whole(files.read(tenant, document)) == CONTENT


async def test_a_content_that_breaks_off_or_is_given_up_leaves_what_was_there_and_nothing_else(
    files: SealedFiles, place: Place
) -> None:
    tenant, document = uuid4(), uuid4()
    await files.write(tenant, document, pieces(b"old"))
    before, waits = place.stored(), asyncio.Event()

    async def breaking(then: BaseException | None) -> AsyncIterator[bytes]:
        yield b"n" * (3 * PIECE)
        if then is not None:
            raise then
        waits.set()
        await asyncio.Event().wait()

    with pytest.raises(ConnectionError):
        await files.write(tenant, document, breaking(ConnectionError("the vendor hung up")))
    writing = asyncio.create_task(files.write(tenant, document, breaking(None)))
    await waits.wait()
    await cancel_and_wait(writing)
    assert place.stored() == before
    assert await whole(files.read(tenant, document)) == b"old"


async def test_of_writes_at_the_same_time_one_is_there_whole(files: SealedFiles, place: Place) -> None:
    tenant, document = uuid4(), uuid4()
    contents = [bytes([n]) * (PIECE + n) for n in range(8)]
    await asyncio.gather(*(files.write(tenant, document, pieces(each)) for each in contents))
    assert await whole(files.read(tenant, document)) in contents
    assert [*place.stored()] == [f"{tenant}/{document}"]


async def test_a_file_is_copied_from_place_to_place_and_opens_there(
    place: Place, keyring: Keyring, tmp_path: Path
) -> None:
    tenant, document = uuid4(), uuid4()
    here = SealedFiles(place.blobs, keyring, tmp_path / "files")
    await here.write(tenant, document, pieces(CONTENT))
    other = InFolder(tmp_path / "other")
    other.change(f"{tenant}/{document}", place.stored()[f"{tenant}/{document}"])
    there = SealedFiles(other.blobs, keyring, tmp_path)
    assert await whole(there.read(tenant, document)) == CONTENT


@pytest.mark.parametrize("size", [0, 10, PIECE, PIECE + 1, 3 * PIECE + 5])
async def test_a_spool_gives_what_came_in_and_leaves_nothing(
    keyring: Keyring, tmp_path: Path, size: int
) -> None:
    files, content = SealedFiles(InFolder(tmp_path).blobs, keyring, tmp_path), (CONTENT * 40)[:size]
    async with files.spool() as spool:
        for start in range(0, size, 70_001):
            await spool.write(content[start : start + 70_001])
        assert (spool.size, spool.digest) == (size, sha256(content).hexdigest())
        assert spool.beginning(100) == content[:100]
        for _ in range(2):
            assert await whole(spool.pieces()) == content
        assert InFolder(tmp_path).stored() == {}, "its file has no name"
        if spool._file is not None:
            spool._file.seek(0)
            assert b"Confidential" not in spool._file.read()
