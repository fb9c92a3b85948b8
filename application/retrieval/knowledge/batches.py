"""Entries that came by one file are embedded together, up to 100 texts a request, and then put in place one by one: work, due by the import."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.ports import Clock, Due, Keyring, ProviderError, Store, Vectors
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.embedding.model import serving_now
from application.retrieval.embedding.passages import Texts, embed_several
from application.retrieval.knowledge.indexing import AGAIN, IndexEntry, embedded_texts, index_entry
from domain.base.context import Context
from domain.base.errors import Erased, NotFound
from domain.budgets.budget import BudgetRefusal
from domain.retrieval.embedding_model import LOCAL, ModelMissing
from domain.retrieval.knowledge_entry import KnowledgeEntry
from domain.retrieval.knowledge_import import ImportedEntry, KnowledgeImport
from domain.retrieval.knowledge_index import KnowledgeIndex, index_of

INDEX_BATCH_WORK = "index_entries"
"""Entries of one batch are not found yet, as they are since their import. The key: the batch's hex."""

LATER = timedelta(minutes=10)
"""After which each entry of a batch is due by itself, should the batch not have come to it."""

AT_ONCE = 8
"""Entries that are put in place at once."""


class IndexBatch(msgspec.Struct, frozen=True, kw_only=True):
    batch: UUID


def batch_due(batch: KnowledgeImport, clock: Clock) -> Due:
    return Due(kind=INDEX_BATCH_WORK, key=batch.id.hex, due_at=clock())


async def index_batch(
    command: IndexBatch,
    context: Context,
    *,
    store: Store,
    keyring: Keyring,
    embedder: MeteredEmbedder,
    vectors: Vectors,
    clock: Clock,
) -> datetime | None:
    """What the entries say is found from now on. Safe to repeat: what was paid for is kept, and what is in place stays.

    Returns when to try again, where the embedding model can't be asked now. One that can't be put in place takes nothing from the others; its fault is raised at the end.
    """
    batch = await store.load(KnowledgeImport, command.batch, tenant=context.tenant)
    left = [each for each in batch.state.entries if not await _is_placed(each, context.tenant, store)]
    try:
        model = await serving_now(context, embedder=embedder, vectors=vectors, store=store, clock=clock)
        if model != LOCAL:
            texts = [each for entry in left if (each := await _texts(entry, context, store, embedder))]
            await embed_several(texts, context, embedder, model=model)
    except (ProviderError, BudgetRefusal, ModelMissing) as error:
        return clock() + timedelta(seconds=max(AGAIN, getattr(error, "retry_after", None) or 0))
    again: list[datetime] = []
    faults: list[BaseException] = []
    for start in range(0, len(left), AT_ONCE):
        some = left[start : start + AT_ONCE]
        ended = await asyncio.gather(
            *(
                index_entry(
                    IndexEntry(entry=each.entry, revision=each.revision),
                    context,
                    store=store,
                    keyring=keyring,
                    embedder=embedder,
                    vectors=vectors,
                    clock=clock,
                )
                for each in some
            ),
            return_exceptions=True,
        )
        faults += [each for each in ended if isinstance(each, BaseException)]
        again += [each for each in ended if isinstance(each, datetime)]
    if faults:
        raise faults[0]
    return max(again, default=None)


async def _texts(
    entry: ImportedEntry, context: Context, store: Store, embedder: MeteredEmbedder
) -> Texts | None:
    """None where it says something else by now, or nothing."""
    try:
        known = await store.load(KnowledgeEntry, entry.entry, tenant=context.tenant)
    except Erased:
        return None
    if known.version != entry.revision or known.answers is None:
        return None
    return Texts(document=entry.entry, texts=await embedded_texts(known.answers, embedder))


async def _is_placed(entry: ImportedEntry, tenant: UUID, store: Store) -> bool:
    try:
        index = await store.load(KnowledgeIndex, index_of(entry.entry), tenant=tenant)
    except NotFound:
        return False
    return index.state.revision >= entry.revision


def taken(entries: Sequence[KnowledgeEntry], clock: Clock) -> KnowledgeImport:
    return KnowledgeImport.take(
        [ImportedEntry(entry=each.id, revision=each.version) for each in entries], clock()
    )
