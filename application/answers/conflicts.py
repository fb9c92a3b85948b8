"""Conflicts between the passages of a prompt, and by which of them to go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from application.ports import Store
from domain.models.completion import Passage
from domain.retrieval.conflicts.conflicts import NONE, Conflicts, disagreements, resolved


async def conflicts_between(passages: Sequence[Passage], tenant: UUID, *, store: Store) -> Conflicts:
    found = disagreements(passages)
    if not found:
        return NONE
    pairs = [[passages[place] for place in each.places] for each in found]
    files = {each.document for pair in pairs for each in pair if {one.source for one in pair} == {"document"}}
    came = dict[UUID, datetime]()
    for document in files:
        async for recorded in store.stream(tenant, document, limit=1):
            came[document] = recorded.recorded_at
    return resolved(found, passages, came)
