"""A tenant's API keys: issued, rotated, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec import UNSET, UnsetType

from application.ports import Clock, Store
from application.tenancy.amend import amend_tenant
from application.tenancy.key_text import drawn
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.tenancy.scopes import Scope
from domain.tenancy.tenant import Tenant


class IssueKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None = None
    origins: tuple[str, ...] = ()


class RotateKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key with the same name and scopes; the old one goes on for `overlap_hours`.

    `expires_at` of the new one; left out, that which the old one was issued with.
    """

    key: str
    overlap_hours: float = 24
    expires_at: datetime | UnsetType | None = UNSET


class RevokeKey(msgspec.Struct, frozen=True, kw_only=True):
    key: str


class KeyIssued(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is the key's text, shown this once."""

    id: str
    secret: str
    position: int


async def issue_key(command: IssueKey, context: Context, *, store: Store, clock: Clock) -> KeyIssued:
    issued: tuple[str, str] = ("", "")

    def decide(tenant: Tenant) -> None:
        nonlocal issued
        issued = new_key(
            tenant, command.name, command.scopes, command.expires_at, clock(), origins=command.origins
        )

    position = await amend_tenant(decide, context, store)
    return KeyIssued(id=issued[0], secret=issued[1], position=position)


async def rotate_key(command: RotateKey, context: Context, *, store: Store, clock: Clock) -> KeyIssued:
    if not 0 <= command.overlap_hours <= 24 * 90:
        raise Invalid("overlap_hours lies between 0 and 2160")
    issued: tuple[str, str] = ("", "")

    def decide(tenant: Tenant) -> None:
        nonlocal issued
        id, text, secret_hash = drawn(tenant.id)
        issued = id, text
        tenant.rotate_key(
            command.key,
            by=id,
            secret_hash=secret_hash,
            overlap=timedelta(hours=command.overlap_hours),
            expires_at=command.expires_at,
            at=clock(),
        )

    position = await amend_tenant(decide, context, store)
    return KeyIssued(id=issued[0], secret=issued[1], position=position)


async def revoke_key(command: RevokeKey, context: Context, *, store: Store, clock: Clock) -> int:
    """Revoke at once; other processes follow within a second. Returns the position, 0 when it was revoked already.

    Raises Refused for the last key that can issue others.
    """
    return await amend_tenant(lambda tenant: tenant.revoke_key(command.key, clock()), context, store)


def new_key(
    tenant: Tenant,
    name: str,
    scopes: tuple[Scope, ...],
    expires_at: datetime | None,
    now: datetime,
    *,
    origins: tuple[str, ...] = (),
) -> tuple[str, str]:
    """Issue a key on the aggregate; its id and its text."""
    id, text, secret_hash = drawn(tenant.id)
    tenant.issue_key(
        id,
        name=name,
        secret_hash=secret_hash,
        scopes=scopes,
        expires_at=expires_at,
        origins=origins,
        at=now,
    )
    return id, text
