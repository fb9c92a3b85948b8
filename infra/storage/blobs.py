"""Blob store: sealed files of tenants under names, in one place. What is in them is no matter of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Protocol
from uuid import UUID

import msgspec


class Blob(msgspec.Struct, frozen=True, kw_only=True):
    """`name`: of ids, with `/` between them. `size`: in bytes. `at`: when it was written, seconds since 1970 by the store's clock. `mark`: another one once it was written again."""

    name: str
    size: int
    at: float
    mark: str


class Blobs(Protocol):
    """A subject's file has the subject's id as its name; its parts lie below it: `subject/part`. Every method raises Unavailable where the place can't be used."""

    @property
    def place(self) -> str:
        """For people, without secrets; two stores that are one have the same."""

    async def put(self, tenant: UUID, name: str, content: AsyncIterable[bytes]) -> None:
        """Whole or not at all, in the place of what was there. Raises what `content` raises."""

    def get(self, tenant: UUID, name: str) -> AsyncGenerator[bytes, None]:
        """Bytes as they come, as they were at one moment. Raises NotFound."""

    async def remove(self, tenant: UUID, name: str) -> None:
        """With what lies below it; not there is as good."""

    async def remove_all(self, tenant: UUID) -> None:
        """All of the tenant's."""

    def listed(self, tenant: UUID) -> AsyncIterator[Blob]:
        """What is whole, in no order."""

    async def tenants(self) -> list[UUID]:
        """Those that have something here."""
