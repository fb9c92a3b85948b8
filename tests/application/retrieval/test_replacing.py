"""Documents that take others' places."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from application.retrieval.document import UploadDocument, upload_document
from domain.base.errors import Conflict
from domain.retrieval.document import Document
from tests.application.conftest import Shop
from tests.application.retrieval.uploads import delete, found, process, upload
from tests.contents import spooled

OLD, NEW = b"The shop is open from nine to five.", b"The shop is open from ten to six."


class Named:
    """Documents of a name, as the test says."""

    def __init__(self, *documents: UUID) -> None:
        self._documents = documents

    async def find(self, tenant: UUID, name_key: UUID, *, before: UUID | None = None) -> Sequence[UUID]:
        return [each for each in self._documents if each != before]


async def replacing(shop: Shop, content: bytes, *before: UUID) -> tuple[Shop, UUID]:
    """An upload that is to take these documents' place, and the shop in which it does."""
    named = Named(*before)
    parts = shop.parts
    uploaded = await upload_document(
        UploadDocument(name="hours.txt", content=await spooled(content), replace=True),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        files=parts.files,
        extractor=parts.extractor,
        named=named,
        clock=parts.clock,
    )
    return dataclasses.replace(
        shop, parts=dataclasses.replace(parts, named_documents=named)
    ), uploaded.document


async def status(shop: Shop, document: UUID) -> str:
    return (await shop.parts.store.load(Document, document, tenant=shop.context.tenant)).state.status


async def test_the_old_one_answers_until_the_new_one_does(shop: Shop) -> None:
    old = (await upload(shop, OLD)).document
    await process(shop, old)
    shop, new = await replacing(shop, NEW, old)
    assert await found(shop) == [OLD.decode()]
    await process(shop, new)
    assert await found(shop) == [NEW.decode()]
    assert (await status(shop, old), await status(shop, new)) == ("deleted", "completed")
    assert ("remove_document", old.hex) in await shop.owed()


async def test_one_that_cannot_be_read_takes_nobodys_place(shop: Shop) -> None:
    old = (await upload(shop, OLD)).document
    await process(shop, old)
    shop, new = await replacing(shop, b"%PDF-1.7\nnone", old)
    assert (await process(shop, new)).state.status == "failed"
    assert await found(shop) == [OLD.decode()]
    assert await status(shop, old) == "completed"


async def test_one_that_is_deleted_as_it_takes_a_place_gives_it_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = (await upload(shop, OLD)).document
    await process(shop, old)
    shop, new = await replacing(shop, NEW, old)
    replace = shop.parts.vectors.replace

    async def then_deleted(*given: Any, **named: Any) -> None:
        await replace(*given, **named)
        await delete(shop, new)

    monkeypatch.setattr(shop.parts.vectors, "replace", then_deleted)
    with pytest.raises(Conflict):
        await process(shop, new)
    monkeypatch.undo()
    assert ("process_document", old.hex) in await shop.owed()
    await process(shop, old)
    assert OLD.decode() in await found(shop)
