"""The work of retrieval: documents processed and removed, knowledge entries and offers of the catalogue indexed, large tenants given an index."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.base.work import Caching, context_of
from application.ports import (
    INDEX_OFFER_WORK,
    INDEX_WORK,
    PROCESS_WORK,
    Chunks,
    Clock,
    DocumentProgress,
    Eraser,
    Extractor,
    Files,
    Ids,
    Item,
    Keyring,
    Kind,
    NamedDocuments,
    Store,
    VectorIndexes,
    Vectors,
)
from application.retrieval.change_model import change_embedding_model
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.index_offer import index_offer, offer_in
from application.retrieval.knowledge.batches import INDEX_BATCH_WORK, IndexBatch, index_batch
from application.retrieval.knowledge.indexing import IndexEntry, index_entry
from application.retrieval.process_document import ProcessDocument, process_document
from application.retrieval.removing import REMOVE_WORK, DeleteDocument, remove_document
from application.retrieval.vector_index import review_vector_index
from application.retrieval.words import INDEX_WORDS_WORK, index_words
from domain.models.catalogue import Catalogue
from domain.retrieval.embedding_model import CHANGE_WORK
from domain.retrieval.vector_index.index import REVIEW_WORK
from domain.retrieval.vector_index.promotion import IndexRules


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def files(self) -> Files: ...
    @property
    def extractor(self) -> Extractor: ...
    @property
    def named_documents(self) -> NamedDocuments: ...
    @property
    def embedder(self) -> MeteredEmbedder: ...
    @property
    def vectors(self) -> Vectors: ...
    @property
    def chunks(self) -> Chunks: ...
    @property
    def progress(self) -> DocumentProgress: ...
    @property
    def vector_indexes(self) -> VectorIndexes: ...
    @property
    def index_rules(self) -> IndexRules: ...
    @property
    def eraser(self) -> Eraser: ...
    @property
    def providers(self) -> Caching: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""
    # Long: the room's kinds of work are one list; each hands over what its use case asks for.

    async def do_process_document(item: Item) -> datetime | None:
        return await process_document(
            ProcessDocument(document=UUID(item.key)),
            context_of(item, p.ids),
            store=p.store,
            keyring=p.keyring,
            files=p.files,
            extractor=p.extractor,
            embedder=p.embedder,
            vectors=p.vectors,
            named=p.named_documents,
            catalogue=p.catalogue,
            progress=p.progress,
            clock=p.clock,
        )

    async def do_remove_document(item: Item) -> None:
        command = DeleteDocument(document=UUID(item.key))
        await remove_document(
            command,
            context_of(item, p.ids),
            eraser=p.eraser,
            cache=p.providers.cache,
            files=p.files,
            embedder=p.embedder,
            vectors=p.vectors,
            chunks=p.chunks,
        )

    async def do_index_words(item: Item) -> None:
        await index_words(item.tenant, vectors=p.vectors)

    async def do_index_entry(item: Item) -> datetime | None:
        entry, _, revision = item.key.partition("/")
        return await index_entry(
            IndexEntry(entry=UUID(entry), revision=int(revision)),
            context_of(item, p.ids),
            store=p.store,
            keyring=p.keyring,
            embedder=p.embedder,
            vectors=p.vectors,
            clock=p.clock,
        )

    async def do_index_batch(item: Item) -> datetime | None:
        return await index_batch(
            IndexBatch(batch=UUID(item.key)),
            context_of(item, p.ids),
            store=p.store,
            keyring=p.keyring,
            embedder=p.embedder,
            vectors=p.vectors,
            clock=p.clock,
        )

    async def do_index_offer(item: Item) -> datetime | None:
        return await index_offer(
            offer_in(item.key),
            context_of(item, p.ids),
            store=p.store,
            keyring=p.keyring,
            embedder=p.embedder,
            vectors=p.vectors,
            clock=p.clock,
        )

    async def do_change_embedding_model(item: Item) -> datetime | None:
        return await change_embedding_model(
            context_of(item, p.ids),
            embedder=p.embedder,
            vectors=p.vectors,
            store=p.store,
            keyring=p.keyring,
            clock=p.clock,
        )

    async def do_review_vector_index(item: Item) -> datetime | None:
        return await review_vector_index(
            context_of(item, p.ids),
            indexes=p.vector_indexes,
            store=p.store,
            clock=p.clock,
            rules=p.index_rules,
        )

    return {
        REVIEW_WORK: Kind(handler=do_review_vector_index, attempts=20, lease=60.0, places="heavy"),
        INDEX_OFFER_WORK: Kind(handler=do_index_offer, attempts=20),
        CHANGE_WORK: Kind(handler=do_change_embedding_model, attempts=20, lease=60.0, places="heavy"),
        INDEX_WORK: Kind(handler=do_index_entry, attempts=20),
        INDEX_BATCH_WORK: Kind(handler=do_index_batch, attempts=20, lease=60.0),
        PROCESS_WORK: Kind(handler=do_process_document, attempts=5, lease=60.0, places="heavy"),
        REMOVE_WORK: Kind(handler=do_remove_document, attempts=20),
        INDEX_WORDS_WORK: Kind(handler=do_index_words, attempts=20, lease=60.0, places="heavy"),
    }
