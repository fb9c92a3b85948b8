from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from application.document import (
    PROCESS_WORK,
    REMOVE_WORK,
    DeleteDocument,
    ProcessDocument,
    UploadDocument,
    Uploaded,
    delete_document,
    process_document,
    remove_document,
    upload_document,
)
from domain.document import LARGEST, Document
from domain.errors import Invalid, NotFound
from tests.application.conftest import Shop

HOURS = b"The shop is open from nine to five."


async def upload(shop: Shop, content: bytes = HOURS, name: str = "hours.txt") -> Uploaded:
    return await upload_document(
        UploadDocument(name=name, content=content),
        shop.context,
        store=shop.parts.store,
        keyring=shop.parts.keyring,
        files=shop.parts.files,
        extractor=shop.parts.extractor,
        clock=shop.parts.clock,
    )


async def process(shop: Shop, document: UUID) -> Document:
    await process_document(
        ProcessDocument(document=document),
        shop.context,
        store=shop.parts.store,
        files=shop.parts.files,
        extractor=shop.parts.extractor,
        embedder=shop.parts.embedder,
        vectors=shop.parts.vectors,
        catalogue=shop.parts.catalogue,
        clock=shop.parts.clock,
    )
    return await shop.parts.store.load(Document, document, tenant=shop.context.tenant)


async def delete(shop: Shop, document: UUID) -> None:
    command = DeleteDocument(document=document)
    await delete_document(command, shop.context, store=shop.parts.store, clock=shop.parts.clock)


async def found(shop: Shop) -> list[str]:
    """Texts that a question finds."""
    (embedding,) = await shop.parts.embedder.embed(["When are you open?"])
    model = shop.parts.embedder.model
    return [p.text for p in await shop.parts.vectors.search(shop.context.tenant, embedding, model, 5)]


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
    await remove_document(
        DeleteDocument(document=uploaded.document),
        shop.context,
        eraser=shop.parts.eraser,
        cache=shop.parts.cache,
        files=shop.parts.files,
        vectors=shop.parts.vectors,
    )
    assert await found(shop) == []
    again = await upload(shop)
    assert (again.duplicate, again.document == uploaded.document) == (False, False)
    await process(shop, again.document)
    assert await found(shop) == [HOURS.decode()]


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
