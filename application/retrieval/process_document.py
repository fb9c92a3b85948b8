"""Process a document: extract, cut, embed, index."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from application.base.setting import load_setting
from application.base.tasks import cancel_and_wait
from application.budgets.charges import charge
from application.models.catalogue import catalogue_of
from application.ports import (
    PROCESS_WORK,
    Clock,
    DocumentProgress,
    Done,
    Due,
    Extractor,
    Files,
    Keyring,
    NamedDocuments,
    Progress,
    ProviderError,
    Store,
    Vectors,
)
from application.retrieval.chunks import chunks_of, embedding_of
from application.retrieval.delaying import delayed
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.embedding.model import behind, serving_now
from application.retrieval.preparing import Prepared, prepared
from application.retrieval.replacing import is_gone, replaced_by, save_in_place
from domain.agents.agent import Agent
from domain.agents.chunk_sizes import ChunkSizes
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, Refusal
from domain.budgets.budget import BudgetRefusal
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt
from domain.models.pricing import total
from domain.retrieval.document import Document
from domain.retrieval.embedding_model import LOCAL, ModelMissing

LOOK = 1.0
"""Seconds between looks at whether a document that is processed is still there."""


class ProcessDocument(msgspec.Struct, frozen=True, kw_only=True):
    document: UUID


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
    progress: DocumentProgress,
    clock: Clock,
) -> datetime | None:
    """Extract, cut, embed, index; `progress` is told how far it is. A file that can't be read fails with its reason; a fault is raised, to be tried again.

    Where the embedding model can't be asked now, the document says so, and the moment is returned when it is to be tried again: of what was
    paid for nothing is paid twice. It ends soon after the document was deleted, wherever that was done.
    """
    # Long: what becomes of a file, from its text to its place among what is found, is read in one go.
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
    told = partial(progress.tell, context.tenant, command.document)
    await told(Progress(step="reading", done=0, of=0))
    try:
        try:
            model = await serving_now(context, embedder=embedder, vectors=vectors, store=store, clock=clock)
            sizes = await _sizes(context.tenant, store)
            preparing = prepared(
                document,
                model,
                sizes,
                context,
                files=files,
                extractor=extractor,
                embedder=embedder,
                told=told,
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
    await told(Progress(step="indexing", done=0, of=len(chunks)))
    try:
        await vectors.replace(
            context.tenant,
            command.document,
            title,
            ready.model,
            chunks,
            replaced,
            revision=document.version,
            came_at=await _came_at(document, context.tenant, store),
        )
    except Erased:  # deleted while it was processed
        return None
    except Conflict:
        if not await is_gone(document, context.tenant, store):
            raise
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
        cut=sizes,
        took_ms=round((time.perf_counter() - started) * 1000, 3),
        at=at,
    )
    await save_in_place(
        document, replaced, context, at, charge(total(embeddings), at), store=store, work=work
    )
    return None


async def _sizes(tenant: UUID, store: Store) -> ChunkSizes:
    """As they are set now: whoever sets them, and then has a document processed, finds it cut so."""
    agent = await load_setting(Agent, tenant, store=store)
    return ChunkSizes() if agent is None else agent.state.configuration.chunk_sizes


async def _came_at(document: Document, tenant: UUID, store: Store) -> datetime | None:
    """When it was uploaded: a file that is processed again is no newer."""
    async for recorded in store.stream(tenant, document.id, limit=1):
        return recorded.recorded_at
    return None


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
