"""How an entry stands: whether it is found as it is now."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from domain.base.errors import Erased, NotFound
from domain.retrieval.knowledge_entry import KnowledgeEntry
from domain.retrieval.knowledge_index import IndexState, KnowledgeIndex, index_of
from interfaces.bootstrap import Services
from interfaces.http.base.moments import settled_within
from projections.knowledge import KnowledgeRow

EntryStatus = Literal["pending", "found", "inactive", "deleted"]
"""`pending`: it was changed a moment ago, and is found soon."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Its figures; those of the index are of what is found, or was last."""

    version: int
    status: EntryStatus
    chunks: int
    tokens: int
    embedding_model: str | None
    cost: Decimal
    created_at: datetime
    changed_at: datetime


def status_of(*, present: bool, active: bool, found: bool) -> EntryStatus:
    if not present:
        return "deleted"
    if not active:
        return "inactive"
    return "found" if found else "pending"


def found_in(row: KnowledgeRow) -> Found:
    """As the read model has it."""
    status = status_of(present=row.status == "present", active=row.active, found=row.placed >= row.revision)
    names = set(Found.__struct_fields__) - {"status"}
    return Found(status=status, **{name: getattr(row, name) for name in names})


async def found_now(entry: KnowledgeEntry, tenant: UUID, services: Services) -> Found:
    """As the log has it."""
    try:
        index = (await services.store.load(KnowledgeIndex, index_of(entry.id), tenant=tenant)).state
    except NotFound:
        index = IndexState()
    present, active = entry.state.status == "present", entry.answers is not None
    names = ("chunks", "tokens", "embedding_model", "cost")
    return Found(
        version=entry.state.version,
        status=status_of(present=present, active=active, found=index.revision >= entry.version),
        created_at=entry.created_on,
        changed_at=entry.modified_on,
        **{name: getattr(index, name) for name in names},
    )


async def settled(entry: UUID, tenant: UUID, services: Services, wait: float) -> EntryStatus:
    """Its status; one that is pending is waited for. Raises NotFound."""

    async def look() -> tuple[EntryStatus, bool]:
        try:
            known = await services.store.load(KnowledgeEntry, entry, tenant=tenant)
        except Erased:
            return "deleted", True
        status = (await found_now(known, tenant, services)).status
        return status, status != "pending"

    return await settled_within(services, tenant, wait, look)
