"""Documents that were indexed by an earlier version are made to be found by their words."""

from __future__ import annotations

from uuid import UUID

from application.ports import Vectors
from domain.base.aggregate import NIL

INDEX_WORDS_WORK = "index_words"
"""Due by a schema file. Once for a tenant: its key is `all`."""


async def index_words(tenant: UUID, *, vectors: Vectors) -> None:
    """Index the words of whatever has none by today's rules, a document a transaction. Safe to repeat: what was done stays done."""
    after: UUID | None = NIL
    while after is not None:
        after = await vectors.index_words(tenant, after)
