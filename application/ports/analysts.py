"""Logins of analysts in the database, beside what the log says of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class StandingLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login as the database has it. `there`: whether it knows its role still; a restored backup brings no roles."""

    login: UUID
    role: str
    locked: bool
    there: bool


class AnalystDatabase(Protocol):
    """All raise Unavailable."""

    async def hindered(self, tenant: UUID) -> str | None:
        """The statement by which a superuser lets the server make logins; None where it does."""

    async def make(
        self, tenant: UUID, login: UUID, *, role: str, password: str, expires_at: datetime, connections: int
    ) -> str:
        """A login that sees the tenant's views and nothing else; the address to connect to, with its password. Raises Refused."""

    async def standing(self, tenant: UUID) -> Sequence[StandingLogin]: ...

    async def lock(self, tenant: UUID, role: str, shut: bool) -> None:
        """Its sessions end, and it begins none; or it may again."""

    async def drop(self, tenant: UUID, role: str) -> None:
        """Its sessions end, and it is gone."""
