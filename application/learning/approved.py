"""Approved corrections with their texts, as the log has them now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from application.ports import Corrections, Store
from domain.feedback.correction import Correction
from domain.feedback.judgement import Category
from domain.feedback.lineage import Lineage, Texts

AT_ONCE = 200
"""Corrections of one look."""


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    """`texts` None: the customer was erased."""

    correction: UUID
    lineage: Lineage
    category: Category
    quality: float
    texts: Texts | None


async def approved_corrections(
    tenant: UUID, above: float, *, store: Store, corrections: Corrections
) -> AsyncIterator[Approved]:
    """Those with a quality above this one, in the order of their ids, of all that the log has when it begins. Raises Unavailable."""
    after: UUID | None = None
    while found := await corrections.approved(tenant, above=above, after=after, limit=AT_ONCE):
        positions = {position for each in found for position in (each.proposed, each.texts)}
        events = await store.several(tenant, sorted(positions))
        for each in found:
            proposed, latest = events[each.proposed].event, events[each.texts].event
            assert isinstance(proposed, Correction.Proposed)
            assert isinstance(latest, Correction.Proposed | Correction.Extended)
            yield Approved(
                correction=each.correction,
                lineage=proposed.lineage,
                category=each.category,
                quality=each.quality,
                texts=latest.texts,
            )
        after = found[-1].correction
