"""Titles of what passages are of, read from the log for figures that hold none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from application.ports import Store
from domain.base.errors import Erased, NotFound
from domain.models.completion import Source
from domain.retrieval.document import Document
from domain.retrieval.knowledge_entry import KnowledgeEntry
from domain.shop.product import Product
from domain.shop.service import Service


async def titles_of(
    documents: Collection[tuple[UUID, Source]], tenant: UUID, *, store: Store
) -> Mapping[UUID, str]:
    """Of those that are still there; a customer's purchase has none."""
    found = {}
    for id, source in sorted(documents):
        try:
            if title := await _title(id, source, tenant, store):
                found[id] = title
        except (NotFound, Erased):
            continue
    return found


async def _title(id: UUID, source: Source, tenant: UUID, store: Store) -> str | None:
    if source == "purchase":
        return None
    if source == "document":
        return (await store.load(Document, id, tenant=tenant)).state.name
    if source == "knowledge":
        entry = await store.load(KnowledgeEntry, id, tenant=tenant)
        return None if entry.state.knowledge is None else entry.state.knowledge.title
    try:
        facts = (await store.load(Product, id, tenant=tenant)).state.facts
    except NotFound:
        return (await store.load(Service, id, tenant=tenant)).existing().name
    return None if facts is None else facts.name
