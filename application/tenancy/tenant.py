"""Tenants and their API keys. A key's text is `rt_` + base64url(tenant 16 bytes | key id 6 | secret 24): it names its tenant."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from application.base.amend import amend
from application.ports import Clock, Ids, Store
from domain.agents.agent import Agent
from domain.base.context import Context
from domain.base.errors import Erased, Forbidden, Invalid, NotFound, Unauthenticated
from domain.gateway.policy import RoutingPolicy
from domain.gateway.router import Router
from domain.tenancy.scopes import SCOPES, AnyScope, Scope
from domain.tenancy.tenant import Tenant

PREFIX = "rt_"


class CreateTenant(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class IssueKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None = None


class RotateKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key with the same name and scopes; the old one goes on for `overlap_hours`.

    `expires_at` of the new one; left out, that which the old one was issued with.
    """

    key: str
    overlap_hours: float = 24
    expires_at: datetime | UnsetType | None = UNSET


class RevokeKey(msgspec.Struct, frozen=True, kw_only=True):
    key: str


class TenantCreated(msgspec.Struct, frozen=True, kw_only=True):
    tenant: UUID
    key: str
    position: int


class KeyIssued(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is the key's text, shown this once."""

    id: str
    secret: str
    position: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant as the operator sees it. `erase_at`: when a removed one is erased, or was; of an erased one the name is gone too."""

    tenant: UUID
    version: int
    name: str
    status: Literal["active", "suspended", "removed", "erased"]
    created_at: datetime
    erase_at: datetime | None = None


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who is calling."""

    tenant: UUID
    key: str
    line: str
    """Id of the first key of those that rotations put in each other's place."""
    scopes: tuple[Scope, ...]

    def require(self, scope: Scope) -> None:
        if scope not in self.scopes:
            raise Forbidden(f"this key lacks the scope {scope}", scope=scope)


async def create_tenant(
    command: CreateTenant,
    *,
    actor: str,
    store: Store,
    clock: Clock,
    ids: Ids,
    policy: RoutingPolicy | None = None,
    correlation: UUID | None = None,
) -> TenantCreated:
    """A tenant with its agent, the routing `policy` that it has by default, and a first key that has all scopes."""
    tenant_id, now = ids(), clock()
    context = Context(tenant=tenant_id, actor=actor, correlation=correlation or ids())
    tenant = Tenant.begin(tenant_id, command.name, now)
    _, text = _new_key(tenant, "first key", SCOPES, None, now)
    agent = Agent.begin(tenant_id, now)
    begun: list[Tenant | Agent | Router] = [tenant, agent]
    if policy is not None:
        router = Router.begin(tenant_id, now)
        router.default(policy, now)
        begun.append(router)
    saved = await store.save(*begun, context=context)
    return TenantCreated(tenant=tenant_id, key=text, position=saved.position)


async def issue_key(command: IssueKey, context: Context, *, store: Store, clock: Clock) -> KeyIssued:
    issued: tuple[str, str] = ("", "")

    def decide(tenant: Tenant) -> None:
        nonlocal issued
        issued = _new_key(tenant, command.name, command.scopes, command.expires_at, clock())

    position = await _amend(decide, context, store)
    return KeyIssued(id=issued[0], secret=issued[1], position=position)


async def rotate_key(command: RotateKey, context: Context, *, store: Store, clock: Clock) -> KeyIssued:
    if not 0 <= command.overlap_hours <= 24 * 90:
        raise Invalid("overlap_hours lies between 0 and 2160")
    issued: tuple[str, str] = ("", "")

    def decide(tenant: Tenant) -> None:
        nonlocal issued
        id, text, secret_hash = _drawn(tenant.id)
        issued = id, text
        tenant.rotate_key(
            command.key,
            by=id,
            secret_hash=secret_hash,
            overlap=timedelta(hours=command.overlap_hours),
            expires_at=command.expires_at,
            at=clock(),
        )

    position = await _amend(decide, context, store)
    return KeyIssued(id=issued[0], secret=issued[1], position=position)


async def revoke_key(command: RevokeKey, context: Context, *, store: Store, clock: Clock) -> int:
    """Revoke at once; other processes follow within a second. Returns the position, 0 when it was revoked already.

    Raises Refused for the last key that can issue others.
    """
    return await _amend(lambda tenant: tenant.revoke_key(command.key, clock()), context, store)


async def suspend_tenant(reason: str | None, context: Context, *, store: Store, clock: Clock) -> int:
    """No message is taken and no key works until it is resumed. Returns the position, 0 when it was so already."""
    return await _amend(lambda tenant: tenant.suspend(reason, clock()), context, store)


async def resume_tenant(context: Context, *, store: Store, clock: Clock) -> int:
    """Returns the position, 0 when it was active already."""
    return await _amend(lambda tenant: tenant.resume(clock()), context, store)


async def rename_tenant(name: str, context: Context, *, store: Store, clock: Clock) -> int:
    """Returns the position, 0 when it had this name already."""
    return await _amend(lambda tenant: tenant.rename(name, clock()), context, store)


async def summary_of(tenant: UUID, *, store: Store) -> Summary:
    """Raises NotFound."""
    try:
        found = await store.load(Tenant, tenant, tenant=tenant)
    except Erased:
        return await _erased(tenant, store)
    state = found.state
    return Summary(
        tenant=tenant,
        version=found.version,
        name=state.name,
        status=state.status,
        created_at=found.created_on,
        erase_at=state.erase_at,
    )


async def _erased(tenant: UUID, store: Store) -> Summary:
    """What the log still tells."""
    times = [recorded.recorded_at async for recorded in store.stream(tenant, tenant)]
    return Summary(
        tenant=tenant,
        version=len(times),
        name="",
        status="erased",
        created_at=times[0],
        erase_at=times[-1],
    )


async def _amend(decide: Callable[[Tenant], None], context: Context, store: Store) -> int:
    """Returns the position, 0 when nothing was to be changed."""
    _, saved = await amend(Tenant, context.tenant, decide, context=context, store=store)
    return saved.position


async def authenticate(text: str, named: str | None, *, store: Store, clock: Clock) -> Principal:
    """Who holds this key. Whatever is wrong with a key, the answer is the same. `named`: the tenant that the caller says, 32 hexadecimal digits.

    Raises Unauthenticated, Forbidden.
    """
    tenant_id, key_id, secret = _parsed(text)
    if named is not None and named != tenant_id.hex:  # the key's own text tells as much
        raise Unauthenticated(
            "the key is another tenant's than the one named beside it; name the key's, or none"
        )
    try:
        tenant = await store.latest(Tenant, tenant_id, tenant=tenant_id)
        if key_id not in tenant.state.keys:  # made a moment ago, perhaps
            tenant = await store.load(Tenant, tenant_id, tenant=tenant_id)
    except NotFound:
        raise Unauthenticated from None
    key = tenant.state.keys.get(key_id)
    known = key.secret_hash if key is not None else bytes(32)
    if not hmac.compare_digest(known, _hash(secret)) or key is None or not key.valid(clock()):
        raise Unauthenticated
    if tenant.state.status != "active":
        raise Forbidden(f"this tenant is {tenant.state.status}")
    return Principal(tenant=tenant_id, key=key_id, line=key.line, scopes=key.offered)


def _new_key(
    tenant: Tenant, name: str, scopes: tuple[AnyScope, ...], expires_at: datetime | None, now: datetime
) -> tuple[str, str]:
    """Issue a key on the aggregate; its id and its text."""
    id, text, secret_hash = _drawn(tenant.id)
    tenant.issue_key(id, name=name, secret_hash=secret_hash, scopes=scopes, expires_at=expires_at, at=now)
    return id, text


def _drawn(tenant: UUID) -> tuple[str, str, bytes]:
    """A key by chance: its id, its text, the hash of its secret."""
    id, secret = secrets.token_bytes(6), secrets.token_bytes(24)
    text = base64.urlsafe_b64encode(tenant.bytes + id + secret).decode().rstrip("=")
    return id.hex(), PREFIX + text, _hash(secret)


def _parsed(text: str) -> tuple[UUID, str, bytes]:
    try:
        raw = base64.b64decode(text.removeprefix(PREFIX) + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Unauthenticated from None
    if not text.startswith(PREFIX) or len(raw) != 46:
        raise Unauthenticated
    return UUID(bytes=raw[:16]), raw[16:22].hex(), raw[22:]


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
