"""Knowledge entries as they go over HTTP."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from msgspec.structs import asdict

from domain.retrieval.knowledge import (
    HIGHEST,
    LONGEST_CONTENT,
    LONGEST_LABEL,
    LONGEST_TITLE,
    LOWEST,
    MOST_KEYWORDS,
    USUAL,
    Kind,
    Knowledge,
)
from interfaces.http.retrieval.knowledge_status import EntryStatus, Found

Label = Annotated[str, Meta(min_length=1, max_length=LONGEST_LABEL)]


class EntryIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`title`: the question, of a question with its answer. `keywords`: what it is also called; answers are found by them, and do not tell them.
    `priority`: of several that fit as well, the higher one comes first."""

    kind: Kind = "question_answer"
    title: Annotated[str, Meta(min_length=1, max_length=LONGEST_TITLE)]
    content: Annotated[str, Meta(min_length=1, max_length=LONGEST_CONTENT)]
    keywords: Annotated[tuple[Label, ...], Meta(max_length=MOST_KEYWORDS)] = ()
    category: Label | None = None
    priority: Annotated[int, Meta(ge=LOWEST, le=HIGHEST)] = USUAL
    active: bool = True

    def knowledge(self) -> Knowledge:
        return Knowledge(**asdict(self))


class WrittenOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    version: int
    status: EntryStatus


class EntryOut(msgspec.Struct, frozen=True, kw_only=True):
    """`version`: of what it says. `cost`, in USD, is that of all its embeddings so far."""

    id: UUID
    version: int
    status: EntryStatus
    kind: Kind
    title: str
    content: str
    keywords: tuple[str, ...]
    category: str | None
    priority: int
    active: bool
    chunks: int
    tokens: int
    embedding_model: str | None
    cost: Decimal
    created_at: datetime
    changed_at: datetime


def shown_entry(id: UUID, said: Knowledge, found: Found) -> EntryOut:
    figures = asdict(found) if found.status == "found" else asdict(found) | NOT_FOUND
    return EntryOut(id=id, **asdict(said), **figures)


NOT_FOUND = {"chunks": 0, "tokens": 0, "embedding_model": None}
"""Of an entry that is not found as it is now: what is known is how it was."""
