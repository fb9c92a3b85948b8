"""Documents, taken in, processed, found and deleted."""

from __future__ import annotations

from uuid import UUID

from application.retrieval.document import UploadDocument, Uploaded, upload_document
from application.retrieval.process_document import ProcessDocument, process_document
from application.retrieval.removing import DeleteDocument, delete_document
from application.retrieval.search import Search, search
from domain.retrieval.document import Document
from tests.application.conftest import Shop
from tests.contents import spooled

HOURS = b"The shop is open from nine to five."


async def upload(shop: Shop, content: bytes = HOURS, name: str = "hours.txt") -> Uploaded:
    return await upload_document(
        UploadDocument(name=name, content=await spooled(content)),
        shop.context,
        store=shop.parts.store,
        keyring=shop.parts.keyring,
        files=shop.parts.files,
        extractor=shop.parts.extractor,
        named=shop.parts.named_documents,
        clock=shop.parts.clock,
    )


async def process(shop: Shop, document: UUID) -> Document:
    await process_document(
        ProcessDocument(document=document),
        shop.context,
        store=shop.parts.store,
        keyring=shop.parts.keyring,
        files=shop.parts.files,
        extractor=shop.parts.extractor,
        embedder=shop.parts.embedder,
        vectors=shop.parts.vectors,
        named=shop.parts.named_documents,
        catalogue=shop.parts.catalogue,
        progress=shop.parts.progress,
        clock=shop.parts.clock,
    )
    return await shop.parts.store.load(Document, document, tenant=shop.context.tenant)


async def delete(shop: Shop, document: UUID) -> None:
    command = DeleteDocument(document=document)
    parts = shop.parts
    await delete_document(command, shop.context, store=parts.store, vectors=parts.vectors, clock=parts.clock)


async def found(shop: Shop) -> list[str]:
    """Texts that a question finds."""
    query, parts = Search(query="When are you open?"), shop.parts
    answer = await search(query, shop.context, embedder=parts.embedder, vectors=parts.vectors)
    return [passage.text for passage in answer.passages]
