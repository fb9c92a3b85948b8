from __future__ import annotations

import asyncio
import dataclasses
import re
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psutil
import pytest

from application.ports import PROCESS_WORK
from application.retrieval.chunks import passage_id
from application.retrieval.removing import REMOVE_WORK, DeleteDocument, remove_document
from application.retrieval.search import Search, search
from domain.base.errors import Invalid, NotFound
from domain.retrieval.document import LARGEST, Document
from infra.retrieval.extraction import PREPARING, FileExtractor
from tests.application.conftest import Shop
from tests.application.retrieval.uploads import HOURS, delete, found, process, upload


async def test_a_document_is_processed_once_and_found(shop: Shop) -> None:
    uploaded = await upload(shop)
    assert await shop.owed() == {(PROCESS_WORK, uploaded.document.hex)}
    first = await process(shop, uploaded.document)
    assert (first.state.status, await shop.owed()) == ("completed", set())
    again = await process(shop, uploaded.document)
    assert again.version == first.version, "work that comes twice has one effect"
    assert await found(shop) == [HOURS.decode()]


async def test_the_same_content_at_once_is_one_document(shop: Shop) -> None:
    results = await asyncio.gather(*(upload(shop, name=f"{n}.txt") for n in range(6)))
    assert len({result.document for result in results}) == 1
    assert sorted(result.duplicate for result in results) == [False] + [True] * 5


async def test_a_deleted_document_is_found_no_more_and_may_come_again(shop: Shop) -> None:
    uploaded = await upload(shop)
    await process(shop, uploaded.document)
    await delete(shop, uploaded.document)
    assert await shop.owed() == {(REMOVE_WORK, uploaded.document.hex)}
    assert await found(shop) == []  # whenever that is done
    await remove_document(
        DeleteDocument(document=uploaded.document),
        shop.context,
        eraser=shop.parts.eraser,
        cache=shop.parts.cache,
        files=shop.parts.files,
        embedder=shop.parts.embedder,
        vectors=shop.parts.vectors,
        chunks=shop.parts.chunks,
    )
    assert await found(shop) == []
    again = await upload(shop)
    assert (again.duplicate, again.document == uploaded.document) == (False, False)
    await process(shop, again.document)
    assert await found(shop) == [HOURS.decode()]


async def test_one_that_is_deleted_before_it_is_put_in_place_is_never_found(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded = await upload(shop)
    put = shop.parts.vectors.replace

    async def deleted_first(*given: Any, **named: Any) -> None:
        await delete(shop, uploaded.document)
        await put(*given, **named)

    monkeypatch.setattr(shop.parts.vectors, "replace", deleted_first)
    assert (await process(shop, uploaded.document)).state.status == "deleted"
    assert await found(shop) == []  # though its work was not done yet
    assert await shop.owed() == {(REMOVE_WORK, uploaded.document.hex)}


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x03" * 50, b"MZ\x90\x00" + bytes(200)])
async def test_what_is_no_document_is_refused(shop: Shop, content: bytes) -> None:
    with pytest.raises(Invalid):
        await upload(shop, content)
    assert await shop.owed() == set()


async def test_too_large_is_refused_with_the_limit(shop: Shop) -> None:
    with pytest.raises(Invalid, match=str(LARGEST)):
        await upload(shop, b"a" * (LARGEST + 1))


async def test_a_file_that_can_not_be_read_fails_with_its_reason(shop: Shop) -> None:
    uploaded = await upload(shop, b"%PDF-1.7\nthis is no PDF at all", "broken.pdf")
    document = await process(shop, uploaded.document)
    assert document.state.status == "failed"
    events = [recorded.event async for recorded in shop.parts.store.events(shop.context.tenant)]
    assert isinstance(events[-1], Document.ProcessingFailed)
    assert events[-1].reason
    assert await shop.owed() == set()


async def test_a_missing_document_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        await process(shop, UUID(int=1))


def children() -> list[psutil.Process]:
    """Processes that are at a document."""
    servers = [each for each in psutil.Process().children() if PREPARING in each.cmdline()]
    return [child for server in servers for child in server.children()]


async def test_deleting_a_document_ends_its_processing(shop: Shop) -> None:
    """Its text ran on for minutes."""
    uploaded = await upload(shop, b"- a\n" * 1_000_000, "slow.txt")
    processing = asyncio.create_task(process(shop, uploaded.document))
    async with asyncio.timeout(60):
        while not children():
            await asyncio.sleep(0.05)
        await delete(shop, uploaded.document)
        assert (await processing).state.status == "deleted"
    assert children() == []
    assert await shop.owed() == {(REMOVE_WORK, uploaded.document.hex)}


async def test_what_takes_too_long_fails_with_its_reason(shop: Shop) -> None:
    extractor = FileExtractor(seconds=1)
    shop.parts = dataclasses.replace(shop.parts, extractor=extractor)
    uploaded = await upload(shop, b"- a\n" * 2_000_000, "slow.txt")
    document = await process(shop, uploaded.document)
    await extractor.close()
    assert document.state.status == "failed"
    events = [recorded.event async for recorded in shop.parts.store.events(shop.context.tenant)]
    assert isinstance(events[-1], Document.ProcessingFailed)
    # A busy machine gives the process so little that the time on the clock ends it first.
    assert re.search(r"longer than (1 s of the processor's time|10 s); split it", events[-1].reason)


async def test_nobody_can_tell_by_a_passages_id_what_it_says(shop: Shop) -> None:
    uploaded = await upload(shop)
    known = await process(shop, uploaded.document)
    tenant, query = shop.context.tenant, Search(query="When are you open?")
    (passage,) = (
        await search(query, shop.context, embedder=shop.parts.embedder, vectors=shop.parts.vectors)
    ).passages
    guesses = (HOURS.decode(), f"{known.state.content_hash}\n{HOURS.decode()}")
    assert passage.id not in [sha256(guess.encode()).hexdigest()[:32] for guess in guesses]
    assert passage.id == await passage_id(
        tenant, known.state.content_hash, HOURS.decode(), shop.parts.keyring
    )
    other = await passage_id(uuid4(), known.state.content_hash, HOURS.decode(), shop.parts.keyring)
    assert passage.id != other
