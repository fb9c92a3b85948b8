"""The first results of requests that may come twice."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

import msgspec


class Kept(msgspec.Struct, frozen=True):
    """The response that a request got: to be given again when the request comes again."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class IdempotencyKey(msgspec.Struct, frozen=True):
    """What a caller calls its request: `text`. Another caller's request of the same name is another one."""

    tenant: UUID
    caller: str
    text: str


class Idempotency(Protocol):
    """First results of requests by their Idempotency-Key, for at least 24 hours. They may hold secrets: they are kept sealed."""

    async def begin(self, key: IdempotencyKey, fingerprint: bytes) -> Kept | None:
        """None: go on, then `finish` or `abandon`. Else the first result.

        Raises Refused when the key belongs to another request, Conflict while the first one is running.
        """

    async def extend(self, key: IdempotencyKey) -> None:
        """The request is still running: nobody takes it for dead for another while."""

    async def finish(self, key: IdempotencyKey, kept: Kept) -> None:
        """Keep the first result."""

    async def abandon(self, key: IdempotencyKey) -> None:
        """There is no result worth keeping: the request may come again at once."""
