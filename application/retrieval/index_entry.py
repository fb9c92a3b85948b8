"""A knowledge entry is cut, embedded and put in place of what it said before: work, due by each of its changes."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from uuid import UUID

import msgspec

from application.budgets.charges import tallies_of
from application.ports import INDEX_WORK, Chunk, Clock, Done, Keyring, Store, Vectors
from application.retrieval.chunks import passage_id
from application.retrieval.embedding import EmbeddingMeter, MeteredEmbedder
from application.retrieval.knowledge import key_of
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, NotFound
from domain.budgets.spending import charged_for
from domain.retrieval.chunking import Piece, chunk
from domain.retrieval.knowledge import Knowledge
from domain.retrieval.knowledge_entry import KnowledgeEntry
from domain.retrieval.knowledge_index import KnowledgeIndex, index_of

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
) -> None:
    """What it says is found from now on, and nothing else of it. Safe to repeat; an old change never comes back over a newer one."""
    tenant, revision = context.tenant, command.revision
    try:
        entry = await store.load(KnowledgeEntry, command.entry, tenant=tenant)
    except Erased:
        return
    if entry.version != revision:
        return
    said = entry.answers
    if said is None:
        await vectors.delete(tenant, entry.id, before=revision)
        return
    async with embedder.metering(context, "index") as meter:
        chunks = await _chunks(entry.id, said, tenant, meter, embedder, keyring)
        try:
            await vectors.replace(
                tenant, entry.id, said.title, embedder.model, chunks, source="knowledge", revision=revision
            )
        except (Conflict, Erased):  # changed meanwhile: that has work of its own
            return
        index = await _index(entry.id, context, store, clock)
        index.place(
            revision,
            chunks=len(chunks),
            tokens=sum(each.tokens for each in chunks),
            model=embedder.model,
            embeddings=meter.attempts,
            at=clock(),
        )
        work = [Done(kind=INDEX_WORK, key=key_of(entry.id, revision))]
        await store.save(index, context=context, work=work, tallies=tallies_of(charged_for(meter.attempts)))
        meter.take()


async def _chunks(
    entry: UUID,
    said: Knowledge,
    tenant: UUID,
    meter: EmbeddingMeter,
    embedder: MeteredEmbedder,
    keyring: Keyring,
) -> list[Chunk]:
    """The title is in the first one, and in what each is embedded by; so are the keywords, which no passage tells."""
    text = f"{said.title}\n\n{said.content}"
    pages = [(1, text)]
    if len(text) <= INLINE:
        pieces = chunk(pages, embedder.count_tokens)
    else:
        pieces = await asyncio.to_thread(chunk, pages, embedder.count_tokens)
    embedded = await meter.embed([_embedded(said, piece) for piece in pieces])
    content_hash = sha256(text.encode()).hexdigest()
    return [
        Chunk(
            id=await passage_id(tenant, f"{entry.hex}/{content_hash}", piece.text, keyring),
            ordinal=piece.ordinal,
            page=None,
            section=piece.section if piece.section != said.title else None,
            tokens=piece.tokens,
            text=piece.text,
            embedding=vector,
        )
        for piece, vector in zip(pieces, embedded, strict=True)
    ]


def _embedded(said: Knowledge, piece: Piece) -> str:
    title = [said.title] if piece.ordinal else []
    return "\n".join([*title, piece.text, *([", ".join(said.keywords)] if said.keywords else [])])


async def _index(entry: UUID, context: Context, store: Store, clock: Clock) -> KnowledgeIndex:
    try:
        return await store.load(KnowledgeIndex, index_of(entry), tenant=context.tenant)
    except NotFound:
        return KnowledgeIndex.begin(entry, clock())
