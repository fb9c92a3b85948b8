"""Documents: taken in, processed into searchable chunks by work, removed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.tasks import cancel_and_wait
from application.budgets.charges import charge
from application.models.catalogue import catalogue_of
from application.ports import (
    PROCESS_WORK,
    Clock,
    Done,
    Due,
    Extractor,
    Files,
    Incoming,
    Keyring,
    NamedDocuments,
    ProviderError,
    Store,
    Vectors,
)
from application.retrieval.chunks import chunks_of, embedding_of
from application.retrieval.delaying import delayed
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.embedding.model import behind, serving_now
from application.retrieval.preparing import Prepared, prepared
from application.retrieval.replacing import is_gone, name_key_of, replace_with, replaced_by, save_in_place
from domain.base.context import Context
from domain.base.errors import Erased, Invalid, NotFound, Refusal
from domain.budgets.budget import BudgetRefusal
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt
from domain.models.pricing import total
from domain.retrieval.document import LARGEST, Document
from domain.retrieval.embedding_model import LOCAL, ModelMissing

LOOK = 1.0
"""Seconds between looks at whether a document that is processed is still there."""


class UploadDocument(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    content: Incoming
    replace: bool = False
    """Once it is completed, all before it that have its name are deleted."""


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """`duplicate`: this very content is there already, as this document. `name_key` is a keyed hash of the name."""

    document: UUID
    name_key: UUID
    position: int
    duplicate: bool


class ProcessDocument(msgspec.Struct, frozen=True, kw_only=True):
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
    named: NamedDocuments,
    clock: Clock,
) -> Uploaded:
    """Keep a file and owe its processing. Its type is told by its content. Raises Invalid; Refused where it can't replace."""
    content = command.content
    if content.size > LARGEST:
        raise Invalid(f"the file has {content.size} bytes; at most {LARGEST} are taken")
    media_type = await extractor.sniff(content.beginning(extractor.sample), content.size)
    content_hash, name = content.digest, safe_name(command.name)
    name_key = await name_key_of(context.tenant, name, keyring)

    def decide(known: Document | None) -> Document:
        if known is not None:
            raise Erased if known.state.status == "deleted" else _AlreadyThere
        return Document.upload(
            document,
            name=name,
            media_type=media_type,
            size=content.size,
            content_hash=content_hash,
            name_key=name_key,
            replaces=command.replace,
            at=clock(),
        )

    async def known(document: UUID) -> Uploaded:
        position = 0
        if command.replace:
            position = await replace_with(document, name_key, context, clock(), store=store, named=named)
        return Uploaded(document=document, name_key=name_key, position=position, duplicate=True)

    while True:
        document, there = await _place(context.tenant, content_hash, store=store, keyring=keyring)
        if there:
            return await known(document)
        try:
            # The file comes first: one without its event is harmless and written over, an event without its file is a lie.
            await files.write(context.tenant, document, content.pieces())
            work = [Due(kind=PROCESS_WORK, key=document.hex, due_at=clock())]
            _, saved = await store.change(Document, document, decide, context=context, work=work)
        except _AlreadyThere:  # a twin of this request was quicker
            return await known(document)
        except Erased:  # and the twin's document is deleted already
            await files.delete(context.tenant, document)
            continue
        return Uploaded(document=document, name_key=name_key, position=saved.position, duplicate=False)


async def process_document(
    command: ProcessDocument,
    context: Context,
    *,
    store: Store,
    keyring: Keyring,
    files: Files,
    extractor: Extractor,
    embedder: MeteredEmbedder,
    vectors: Vectors,
    named: NamedDocuments,
    catalogue: Catalogue,
    clock: Clock,
) -> datetime | None:
    """Extract, cut, embed, index. A file that can't be read fails with its reason; a fault is raised, to be tried again.

    Where the embedding model can't be asked now, the document says so, and the moment is returned when it is to be tried again: of what was
    paid for nothing is paid twice. It ends soon after the document was deleted, wherever that was done.
    """
    try:
        document = await store.load(Document, command.document, tenant=context.tenant)
    except Erased:
        return None
    if document.state.status in ("completed", "failed", "deleted"):
        return None
    started, started_at = time.perf_counter(), clock()
    document.start_processing(started_at)
    if document.pending_events:
        await store.save(document, context=context)
    work: list[Due | Done] = [Done(kind=PROCESS_WORK, key=command.document.hex)]
    try:
        try:
            model = await serving_now(context, embedder=embedder, vectors=vectors, store=store, clock=clock)
            preparing = prepared(
                document, model, context, files=files, extractor=extractor, embedder=embedder
            )
            ready = await _while_there(preparing, document, context.tenant, store)
        except (ProviderError, BudgetRefusal, ModelMissing) as error:
            return await delayed(document, error, context, work, store=store, clock=clock)
    except Refusal as refusal:
        if await is_gone(document, context.tenant, store):
            return None
        document.fail(refusal.detail, clock())
        await store.save(document, context=context, work=work)
        return None
    if ready is None:
        return None
    extracted = ready.extracted
    chunks = await chunks_of(extracted, ready.vectors, document, context.tenant, keyring)
    title, replaced = document.state.name, await replaced_by(document, context.tenant, named)
    try:
        await vectors.replace(context.tenant, command.document, title, ready.model, chunks, replaced)
    except Erased:  # deleted while it was processed
        return None
    embeddings: list[Attempt] = []
    if ready.model == LOCAL:
        known = await catalogue_of(context.tenant, store=store, shipped=catalogue)
        embeddings.append(embedding_of(extracted, known, started_at))
    work += await behind(ready.model, context, store=store, clock=clock)
    at = clock()
    document.complete(
        pages=extracted.pages,
        chunks=len(chunks),
        tokens=sum(each.tokens for each in extracted.chunks),
        embedding_model=ready.model,
        dimension=len(ready.vectors[0]) if ready.vectors else 0,
        unread_pages=extracted.unread,
        unread_because=extracted.unread_because,
        ocr_pages=extracted.recognised,
        embeddings=embeddings,
        reused=ready.reused,
        took_ms=round((time.perf_counter() - started) * 1000, 3),
        at=at,
    )
    await save_in_place(
        document, replaced, context, at, charge(total(embeddings), at), store=store, work=work
    )
    return None


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
        work=[Due(kind=PROCESS_WORK, key=command.document.hex, due_at=clock())],
    )
    return saved.position


def safe_name(name: str) -> str:
    """A file's name without folders and control characters."""
    last = PureWindowsPath(PurePosixPath(name.replace("\x00", "")).name).name
    clean = "".join(character for character in last if character.isprintable()).strip().strip(".")
    return clean[:200] or "unnamed"


async def _while_there(
    preparing: Coroutine[Any, Any, Prepared], document: Document, tenant: UUID, store: Store
) -> Prepared | None:
    """What `preparing` gives; None, and an end to it, once the document was deleted."""
    task = asyncio.create_task(preparing)
    try:
        while True:
            done, _ = await asyncio.wait([task], timeout=LOOK)
            if done:
                return task.result()
            if await is_gone(document, tenant, store):
                return None
    finally:
        if not task.done():
            await cancel_and_wait(task)


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
