"""Knowledge entries, written, indexed, changed and deleted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from application.ports import Vectors
from application.retrieval.knowledge.entry import (
    CreateEntry,
    DeleteEntry,
    UpdateEntry,
    create_entry,
    delete_entry,
    update_entry,
)
from application.retrieval.knowledge.indexing import IndexEntry, index_entry
from application.retrieval.search import Search, search
from domain.retrieval.knowledge import Knowledge
from domain.retrieval.knowledge_entry import KnowledgeEntry
from tests.application.conftest import Shop


def said(content: str, title: str = "When are you open?", **more: Any) -> Knowledge:
    return Knowledge(kind="question_answer", title=title, content=content, **more)


async def write(shop: Shop, knowledge: Knowledge) -> UUID:
    parts = shop.parts
    made = await create_entry(
        CreateEntry(knowledge=knowledge),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        clock=parts.clock,
        ids=parts.ids,
    )
    return made.entry.id


async def update(shop: Shop, entry: UUID, knowledge: Knowledge) -> int:
    """The version of its stream."""
    parts = shop.parts
    made = await update_entry(
        UpdateEntry(entry=entry, knowledge=knowledge),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        vectors=parts.vectors,
        clock=parts.clock,
    )
    return made.entry.version


async def remove(shop: Shop, entry: UUID, erase: bool = False) -> None:
    command, parts = DeleteEntry(entry=entry, erase=erase), shop.parts
    await delete_entry(command, shop.context, store=parts.store, vectors=parts.vectors, clock=parts.clock)


async def index(shop: Shop, entry: UUID, revision: int, vectors: Vectors | None = None) -> None:
    """What the work does."""
    parts = shop.parts
    await index_entry(
        IndexEntry(entry=entry, revision=revision),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        embedder=parts.embedder,
        vectors=vectors or parts.vectors,
        clock=parts.clock,
    )


async def written(shop: Shop, knowledge: Knowledge) -> UUID:
    entry = await write(shop, knowledge)
    await index(
        shop, entry, (await shop.parts.store.load(KnowledgeEntry, entry, tenant=shop.context.tenant)).version
    )
    return entry


async def found(shop: Shop, query: str = "When are you open?") -> list[str]:
    parts = shop.parts
    answer = await search(
        Search(query=query, limit=50), shop.context, embedder=parts.embedder, vectors=parts.vectors
    )
    return [passage.text for passage in answer.passages]
