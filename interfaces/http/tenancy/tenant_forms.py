"""Tenants as they go over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class TenantIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name


class TenantNew(TenantIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`cell`: the name of the database that is to have it, where there are several; left out: that with the fewest tenants."""

    cell: Annotated[str, Meta(min_length=1, max_length=40)] | None = None


class SuspendIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=500)] | None = None


class TenantOut(msgspec.Struct, frozen=True, kw_only=True):
    """`erase_at`: when a removed tenant is erased, or was. Of an erased one the name is gone too. `cell`: the database that has it."""

    id: UUID
    name: str
    status: Literal["active", "suspended", "removed", "erased"]
    created_at: datetime
    erase_at: datetime | None = None
    cell: str


class TenantMade(TenantOut, frozen=True, kw_only=True):
    """`key` has all scopes; it is shown this once."""

    key: str
