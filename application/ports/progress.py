"""Progress of a document that is processed. It is no event: nothing is decided by it, and it may be lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal, Protocol
from uuid import UUID

import msgspec


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """`done` of `of`: pages while it is read, chunks while they are embedded, and put into the index. `of` is 0 while that is not known."""

    step: Literal["reading", "embedding", "indexing"]
    done: int
    of: int


TellProgress = Callable[[Progress], Awaitable[None]]


async def untold(progress: Progress) -> None:
    """For those who ask nobody how far it is."""


class DocumentProgress(Protocol):
    async def tell(self, tenant: UUID, document: UUID, progress: Progress) -> None:
        """Never fails: a document is not held up by it."""

    async def find(self, tenant: UUID, documents: Sequence[UUID]) -> Mapping[UUID, Progress]:
        """Of those of which anything is known now. Never fails."""
