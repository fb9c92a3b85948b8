"""API keys as they go over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from domain.tenancy.scopes import Scope


class KeyIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`expires_at`: RFC 3339 with its zone; without it the key does not expire. `origins`: the browser apps that it is bound to, as
    https://app.example.com; such a key has the scope conversations:write alone."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=20)]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    origins: Annotated[
        tuple[Annotated[str, Meta(min_length=8, max_length=300)], ...], Meta(max_length=20)
    ] = ()


class RotateIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The old key goes on for `overlap_hours`. The new one expires when the old one was to, or at `expires_at`; null: never."""

    overlap_hours: Annotated[float, Meta(ge=0, le=2160)] = 24
    expires_at: Annotated[datetime, Meta(tz=True)] | UnsetType | None = UNSET


class KeyOut(msgspec.Struct, frozen=True, kw_only=True):
    """`last_used_at` is known within a minute while Redis keeps it, and within an hour without it."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    origins: tuple[str, ...]
    expires_at: datetime | None
    revoked: bool
    last_used_at: datetime | None


class KeyMade(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is the key's text; it is shown this once."""

    id: str
    secret: str
