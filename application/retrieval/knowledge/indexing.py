"""A knowledge entry is cut, embedded and put in place of what it said before: work, due by each of its changes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec

from application.budgets.charges import tallies_of
from application.budgets.hold import Hold
from application.ports import INDEX_WORK, Chunk, Clock, Done, Due, Keyring, ProviderError, Store, Vectors
from application.retrieval.chunks import passage_id
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.embedding.model import behind, serving_now
from application.retrieval.embedding.passages import EmbeddedPassages, embed_passages
from application.retrieval.knowledge.entry import key_of
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, NotFound
from domain.budgets.budget import BudgetRefusal
from domain.budgets.spending import charged_for
from domain.models.completion import Attempt
from domain.retrieval.chunking import Piece, chunk
from domain.retrieval.embedding_model import LOCAL, ModelMissing
from domain.retrieval.knowledge import Knowledge
from domain.retrieval.knowledge_entry import KnowledgeEntry
from domain.retrieval.knowledge_index import KnowledgeIndex, index_of

AGAIN = 15.0
"""Seconds after which a model is asked again that could not be."""

INLINE = 4_000
"""Characters that are cut on the spot; more go to a thread, so that the loop goes on."""


class IndexEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`revision`: version of the entry's stream; where that has moved on there is nothing to do."""

    entry: UUID
    revision: int


async def index_entry(
    command: IndexEntry,
    context: Context,
    *,
    store: Store,
    keyring: Keyring,
    embedder: MeteredEmbedder,
    vectors: Vectors,
    clock: Clock,
) -> datetime | None:
    """What it says is found from now on, and nothing else of it. Safe to repeat; an old change never comes back over a newer one.

    Returns when to try again, where the embedding model can't be asked now.
    """
    tenant, revision = context.tenant, command.revision
    try:
        entry = await store.load(KnowledgeEntry, command.entry, tenant=tenant)
    except Erased:
        return None
    if entry.version != revision:
        return None
    said = entry.answers
    if said is None:
        await vectors.delete(tenant, entry.id, before=revision)
        return None
    pieces, content_hash = await _pieces(said, embedder)
    try:
        model = await serving_now(context, embedder=embedder, vectors=vectors, store=store, clock=clock)
        made, calls = await _vectors_of(entry.id, said, pieces, model, context, embedder)
    except (ProviderError, BudgetRefusal, ModelMissing) as error:
        return clock() + timedelta(seconds=max(AGAIN, getattr(error, "retry_after", None) or 0))
    async with embedder.keeping(context, calls, "index"):
        version = f"{entry.id.hex}/{content_hash}"
        chunks = [
            _chunk(await passage_id(tenant, version, piece.text, keyring), piece, said, vector)
            for piece, vector in zip(pieces, made.vectors, strict=True)
        ]
        try:
            to = entry.id, said.title, made.model, chunks
            await vectors.replace(tenant, *to, source="knowledge", revision=revision, came_at=clock())
        except (Conflict, Erased):  # changed meanwhile: that has work of its own
            if calls:
                await embedder.record(embedder.ids(), "index", calls, Hold(), context, entry.id)
            return None
        index = await _index(entry.id, context, store, clock)
        index.place(
            revision,
            chunks=len(chunks),
            tokens=sum(each.tokens for each in chunks),
            model=made.model,
            embeddings=calls,
            paid=made.cost,
            at=clock(),
        )
        work: list[Due | Done] = [Done(kind=INDEX_WORK, key=key_of(entry.id, revision))]
        work += await behind(made.model, context, store=store, clock=clock)
        await store.save(index, context=context, work=work, tallies=tallies_of(charged_for(calls)))
    return None


async def _vectors_of(
    entry: UUID,
    said: Knowledge,
    pieces: Sequence[Piece],
    model: str,
    context: Context,
    embedder: MeteredEmbedder,
) -> tuple[EmbeddedPassages, list[Attempt]]:
    """And the calls that are on no record yet."""
    texts = [_embedded(said, piece) for piece in pieces]
    if model != LOCAL:
        return await embed_passages(entry, texts, context, embedder, model=model), []
    async with embedder.metering(context, "index", model=LOCAL) as meter:
        vectors = await meter.embed(texts, "document")
        return EmbeddedPassages(model=LOCAL, vectors=vectors), meter.take()


async def embed_entry(
    entry: UUID, model: str, context: Context, *, store: Store, keyring: Keyring, embedder: MeteredEmbedder
) -> tuple[list[tuple[int, str]], Sequence[Sequence[float]]]:
    """Ordinals and ids of its chunks as it is now, and their vectors in the space `model`. Raises what `embed_passages` does."""
    try:
        said = (await store.load(KnowledgeEntry, entry, tenant=context.tenant)).answers
    except Erased:
        return [], []
    if said is None:
        return [], []
    pieces, content_hash = await _pieces(said, embedder)
    texts = [_embedded(said, piece) for piece in pieces]
    made = await embed_passages(entry, texts, context, embedder, model=model)
    about = f"{entry.hex}/{content_hash}"
    ids = [await passage_id(context.tenant, about, piece.text, keyring) for piece in pieces]
    return [(piece.ordinal, id) for piece, id in zip(pieces, ids, strict=True)], made.vectors


async def embedded_texts(said: Knowledge, embedder: MeteredEmbedder) -> list[str]:
    """What is embedded of an entry."""
    pieces, _ = await _pieces(said, embedder)
    return [_embedded(said, piece) for piece in pieces]


async def _pieces(said: Knowledge, embedder: MeteredEmbedder) -> tuple[list[Piece], str]:
    """The title is in the first one, and in what each is embedded by; so are the keywords, which no passage tells. And a hash of it all."""
    text = f"{said.title}\n\n{said.content}"
    pages, count = [(1, text)], embedder.embedders.local.count_tokens
    if len(text) <= INLINE:
        pieces = chunk(pages, count)
    else:
        pieces = await asyncio.to_thread(chunk, pages, count)
    return pieces, sha256(text.encode()).hexdigest()


def _chunk(id: str, piece: Piece, said: Knowledge, vector: Sequence[float]) -> Chunk:
    return Chunk(
        id=id,
        ordinal=piece.ordinal,
        page=None,
        section=piece.section if piece.section != said.title else None,
        tokens=piece.tokens,
        text=piece.text,
        embedding=vector,
        terms=_terms(said, piece),
        priority=said.priority,
    )


def _embedded(said: Knowledge, piece: Piece) -> str:
    return "\n".join(filter(None, (piece.text, _terms(said, piece))))


def _terms(said: Knowledge, piece: Piece) -> str:
    """The title, where it stands in another chunk, and the keywords."""
    return "\n".join([*([said.title] if piece.ordinal else []), *said.keywords])


async def _index(entry: UUID, context: Context, store: Store, clock: Clock) -> KnowledgeIndex:
    try:
        return await store.load(KnowledgeIndex, index_of(entry), tenant=context.tenant)
    except NotFound:
        return KnowledgeIndex.begin(entry, clock())
