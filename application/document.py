"""Documents: taken in, processed into searchable chunks by work, removed."""

from __future__ import annotations

import asyncio
import hashlib
import time
from decimal import Decimal
from pathlib import PurePosixPath, PureWindowsPath
from uuid import UUID

import msgspec

from application.catalogue import catalogue_of
from application.changing import amend
from application.context import Context
from application.erasure import Erase, erase
from application.ports import (
    Cache,
    Chunk,
    Clock,
    Embedder,
    Eraser,
    Extractor,
    Files,
    Keyring,
    Owed,
    Settled,
    Store,
    Vectors,
)
from application.spending import charge
from domain.catalogue import Catalogue
from domain.chunking import chunk
from domain.completion import Usage
from domain.document import LARGEST, Document
from domain.errors import Erased, Invalid, NotFound, Refusal
from domain.pricing import cost

PROCESS_WORK, REMOVE_WORK = "process_document", "remove_document"
AT_ONCE = 100
"""Texts of one call to the embedder."""


class UploadDocument(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    content: bytes


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """`duplicate`: this very content is there already, as this document."""

    document: UUID
    position: int
    duplicate: bool


class ProcessDocument(msgspec.Struct, frozen=True, kw_only=True):
    document: UUID


class DeleteDocument(msgspec.Struct, frozen=True, kw_only=True):
    document: UUID


class ReprocessDocument(msgspec.Struct, frozen=True, kw_only=True):
    document: UUID


async def upload_document(
    command: UploadDocument,
    context: Context,
    *,
    store: Store,
    keyring: Keyring,
    files: Files,
    extractor: Extractor,
    clock: Clock,
) -> Uploaded:
    """Keep a file and owe its processing. Its type is told by its content. Raises Invalid."""
    if len(command.content) > LARGEST:
        raise Invalid(f"the file has {len(command.content)} bytes; at most {LARGEST} are taken")
    media_type = extractor.sniff(command.content)
    content_hash = hashlib.sha256(command.content).hexdigest()

    def decide(known: Document | None) -> Document:
        if known is not None:
            raise Erased if known.state.status == "deleted" else _AlreadyThere
        return Document.upload(
            document,
            name=safe_name(command.name),
            media_type=media_type,
            size=len(command.content),
            content_hash=content_hash,
            at=clock(),
        )

    while True:
        document, there = await _place(context.tenant, content_hash, store=store, keyring=keyring)
        if there:
            return Uploaded(document=document, position=0, duplicate=True)
        try:
            # The file comes first: one without its event is harmless and written over, an event without its file is a lie.
            await files.write(context.tenant, document, command.content)
            work = [Owed(kind=PROCESS_WORK, key=document.hex, due_at=clock())]
            _, saved = await store.change(Document, document, decide, context=context, work=work)
        except _AlreadyThere:  # a twin of this request was quicker
            return Uploaded(document=document, position=0, duplicate=True)
        except Erased:  # and the twin's document is deleted already
            await files.delete(context.tenant, document)
            continue
        return Uploaded(document=document, position=saved.position, duplicate=False)


async def process_document(
    command: ProcessDocument,
    context: Context,
    *,
    store: Store,
    files: Files,
    extractor: Extractor,
    embedder: Embedder,
    vectors: Vectors,
    catalogue: Catalogue,
    clock: Clock,
) -> None:
    """Extract, cut, embed, index. A file that can't be read fails with its reason; a fault is raised, to be tried again."""
    try:
        document = await store.load(Document, command.document, tenant=context.tenant)
    except Erased:
        return
    if document.state.status in ("completed", "failed", "deleted"):
        return
    started, started_at = time.perf_counter(), clock()
    document.start_processing(started_at)
    if document.pending_events:
        await store.save(document, context=context)
    work = [Settled(kind=PROCESS_WORK, key=command.document.hex)]
    try:
        content = await files.read(context.tenant, command.document)
        pages = await extractor.extract(content, document.state.media_type)
    except Refusal as refusal:
        document.fail(refusal.detail, clock())
        await store.save(document, context=context, work=work)
        return
    # Beside the loop: a thousand pages take seconds.
    pieces = await asyncio.to_thread(
        chunk, [(page.number, page.text) for page in pages], embedder.count_tokens
    )
    vectors_of: list[list[float]] = []
    for start in range(0, len(pieces), AT_ONCE):
        vectors_of += await embedder.embed([piece.text for piece in pieces[start : start + AT_ONCE]])
    chunks = [
        Chunk(
            id=passage_id(document.state.content_hash, piece.text),
            ordinal=piece.ordinal,
            page=piece.page,
            section=piece.section,
            tokens=piece.tokens,
            text=piece.text,
            embedding=embedding,
        )
        for piece, embedding in zip(pieces, vectors_of, strict=True)
    ]
    try:
        await vectors.replace(context.tenant, command.document, document.state.name, embedder.model, chunks)
    except Erased:  # deleted while it was processed
        return
    tokens = sum(piece.tokens for piece in pieces)
    provider, _, model = embedder.model.partition("/")
    known = await catalogue_of(context.tenant, store=store, shipped=catalogue)
    price = known.price(provider, model, started_at)
    paid, at = cost(Usage(input=tokens), price) if price else Decimal(0), clock()
    document.complete(
        pages=len(pages),
        chunks=len(chunks),
        tokens=tokens,
        embedding_model=embedder.model,
        dimension=embedder.dimension,
        cost=paid,
        took_ms=round((time.perf_counter() - started) * 1000, 3),
        at=at,
    )
    await store.save(document, context=context, work=work, tallies=charge(paid, at))


async def delete_document(command: DeleteDocument, context: Context, *, store: Store, clock: Clock) -> int:
    """Delete, for good: it is erased by work that follows. Returns the position. Raises NotFound."""
    work: list[Owed | Settled] = [
        Settled(kind=PROCESS_WORK, key=command.document.hex),
        Owed(kind=REMOVE_WORK, key=command.document.hex, due_at=clock()),
    ]
    _, saved = await amend(
        Document,
        command.document,
        lambda document: document.delete(clock()),
        context=context,
        store=store,
        work=work,
    )
    return saved.position


async def remove_document(
    command: DeleteDocument,
    context: Context,
    *,
    eraser: Eraser,
    cache: Cache,
    files: Files,
    vectors: Vectors,
) -> None:
    """Erase a deleted document: destroy its key, and remove all that it sealed. Safe to repeat."""
    await erase(Erase(subject=command.document), context, eraser=eraser, cache=cache)
    await vectors.delete(context.tenant, command.document)
    await files.delete(context.tenant, command.document)


async def reprocess_document(
    command: ReprocessDocument, context: Context, *, store: Store, clock: Clock
) -> int:
    """Process again, as after a failure. Returns the position. Raises NotFound, Refused while it is being processed."""
    _, saved = await amend(
        Document,
        command.document,
        lambda document: document.reprocess(clock()),
        context=context,
        store=store,
        work=[Owed(kind=PROCESS_WORK, key=command.document.hex, due_at=clock())],
    )
    return saved.position


def passage_id(content_hash: str, text: str) -> str:
    """Names a passage by the document's content and its own, so that a citation never drifts."""
    return hashlib.sha256(f"{content_hash}\n{text}".encode()).hexdigest()[:32]


def safe_name(name: str) -> str:
    """A file's name without folders and control characters."""
    last = PureWindowsPath(PurePosixPath(name.replace("\x00", "")).name).name
    clean = "".join(character for character in last if character.isprintable()).strip().strip(".")
    return clean[:200] or "unnamed"


class _AlreadyThere(Exception):
    """The document exists."""


async def _place(tenant: UUID, content_hash: str, *, store: Store, keyring: Keyring) -> tuple[UUID, bool]:
    """The id for this content, and whether it is there. Deleted documents are passed over: each has an id of its own."""
    generation = 0
    while True:
        document = await keyring.identify(tenant, "document", content_hash, str(generation))
        generation += 1
        try:
            known = await store.load(Document, document, tenant=tenant)
        except Erased:
            continue
        except NotFound:
            return document, False
        if known.state.status != "deleted":
            return document, True
