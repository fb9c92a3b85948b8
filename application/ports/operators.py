"""Operators' passwords, when their sessions were last used, and which operators there are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Passwords(Protocol):
    """A slow hash of passwords, away from the loop, a few at once. Both raise Unavailable where too many wait."""

    async def hash(self, password: str) -> bytes:
        """With its salt and its parameters."""

    async def fits(self, known: bytes, password: str) -> bool:
        """Whether this is the password of a hash. Empty: there is none, which takes as long to say."""


class SessionUse(Protocol):
    """When operators' sessions were last used. Both raise Unavailable."""

    async def last(self, tenant: UUID, operator: UUID) -> Mapping[str, datetime]:
        """Session → time; those that were never used after they began are left out."""

    async def used(self, tenant: UUID, operator: UUID, session: str, at: datetime) -> None: ...
