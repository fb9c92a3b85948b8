"""Who is calling: `X-Tenant-ID` and `X-Tenant-API-Key`, or `Authorization: Bearer KEY`.

A credential may stand there twice, in both headers even. Two that differ, or the id of another tenant than the key's, contradict
each other: 401, whatever either is worth, so that nobody in between can make one caller pass for another.

Every route below /v1 says in its options what it asks of the caller: `scope`, and `operator=True` where the deployment's
operator (RETRACE_OPERATOR_KEY as the bearer key) may come as well; `scope=None` lets nobody else in. `guests=True`: whoever has no key may
come too, and the handler itself proves what gives them the right.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from application.operators.authentication import LiveSession
from application.tenancy.authentication import Principal, authenticate
from application.tenancy.key_text import PREFIX
from domain.base.context import Context
from domain.base.errors import Forbidden, NotFound, Unauthenticated
from domain.tenancy.scopes import Scope
from interfaces.bootstrap import Services
from interfaces.http.base.browsers.cors import check_key_origin

API_KEY, TENANT = "X-Tenant-API-Key", "X-Tenant-ID"
HOW = "send an API key: X-Tenant-ID and X-Tenant-API-Key, or Authorization: Bearer KEY"
DEPLOYMENT = UUID(int=1)
"""Stands where a tenant stands, in what the operator does before there is one."""

GUESTS = UUID(int=2)
"""Stands there for those who have no key: they share what a tenant's keys share."""

Connection = ASGIConnection[Any, Any, Any, Any]


class Caller(msgspec.Struct, frozen=True):
    """`principal` is None for the deployment's operator, and for a guest, who has no key. A tenant's operator is one like a key."""

    principal: Principal | None
    guest: bool = False
    session: LiveSession | None = None
    """Of an operator who is signed in to the console."""

    @property
    def counted(self) -> UUID | None:
        """Whose share of a process a request takes. None: the operator's are not counted."""
        return self.principal.tenant if self.principal else GUESTS if self.guest else None

    @property
    def actor(self) -> str:
        return self.principal.actor if self.principal else "operator:deployment"

    @property
    def line(self) -> str:
        """Whose requests may be sent again as this caller's: its own, and those of the keys in whose place this key came."""
        return f"{self.principal.kind}:{self.principal.line}" if self.principal else "operator:deployment"

    @property
    def tenant(self) -> UUID:
        return self.principal.tenant if self.principal else DEPLOYMENT

    def about(self, path: Mapping[str, Any]) -> UUID:
        """The tenant that a request is about: the caller's own; of the operator's the one that the path names."""
        tenant: UUID = self.tenant if self.principal else path.get("tenant", self.tenant)
        return tenant

    def context(self, tenant: UUID, request: Request[Any, Any, Any]) -> Context:
        """For a command about `tenant`. Raises NotFound for another tenant than the caller's own."""
        if self.principal is not None and tenant != self.principal.tenant:
            raise NotFound(f"there is no tenant {tenant} that this key can see")
        return Context(
            tenant=tenant,
            actor=self.actor,
            correlation=correlation_of(request),
            expected=request.scope["state"]["expected"],
        )


async def caller_of(connection: Connection, services: Services, *, guests: bool = False) -> Caller:
    """Who it is; from then on the request says so (`caller_in`). Raises Unauthenticated, Forbidden for a suspended tenant, Unavailable.

    `guests`: whether there need be no key.
    """
    if guests and not _keys(connection):
        caller = connection.scope["state"]["caller"] = Caller(None, guest=True)
        return caller
    text, tenant = _given(connection)
    if not text.startswith(PREFIX) and _is_operators(text, services.settings.operator_key):
        about: UUID | None = connection.path_params.get("tenant")
        if tenant is not None and about is not None and tenant != about.hex:
            raise Unauthenticated(f"{TENANT} names another tenant than the address does; leave it out")
        caller = Caller(None)
    else:
        principal = await authenticate(
            text, tenant, store=services.store, clock=services.clock, newcomers=services.newcomers
        )
        check_key_origin(connection, principal, services)
        await services.key_use.used(principal.tenant, principal.key, services.clock())
        caller = Caller(principal)
    connection.scope["state"]["caller"] = caller
    return caller


def _given(connection: Connection) -> tuple[str, str | None]:
    """The one key that a request carries, and the one tenant that it names, as 32 hexadecimal digits. Raises Unauthenticated."""
    texts = _keys(connection)
    if not texts:
        raise Unauthenticated(HOW)
    named = connection.headers.getall(TENANT, [])
    tenants = {text.strip().lower().replace("-", "") for text in named}
    if len(texts) > 1 or len(tenants) > 1:
        name = f"different keys in its headers ({API_KEY}, Authorization)" if len(texts) > 1 else TENANT
        raise Unauthenticated(
            f"this request has several {name}, and may have one; send the one that you mean"
        )
    return texts.pop(), (tenants.pop() if tenants else None)


def _keys(connection: Connection) -> set[str]:
    """All that a request carries."""
    headers = connection.headers
    texts = {text.strip() for text in headers.getall(API_KEY, [])}
    for value in headers.getall("Authorization", []):
        kind, _, text = value.partition(" ")
        if kind.lower() == "bearer":
            texts.add(text.strip())
    texts.discard("")
    return texts


def allow(caller: Caller, handler: BaseRouteHandler) -> None:
    """Raises Forbidden where the handler asks for more than the caller has."""
    scope: Scope | None = handler.opt["scope"]
    if caller.guest:
        return  # the handler proves what gives the right
    if caller.principal is None:
        if not handler.opt.get("operator", False):
            raise Forbidden("the operator's key is for /v1/tenants; use a key of a tenant's here")
    elif scope is None and caller.session is None:
        raise Forbidden("this takes the operator's key, RETRACE_OPERATOR_KEY of the deployment")
    elif scope is not None:
        caller.principal.require(scope)


def _is_operators(text: str, key: str | None) -> bool:
    given, right = (hashlib.sha256(part.encode()).digest() for part in (text, key or ""))
    return hmac.compare_digest(given, right) and bool(key)


def caller_in(connection: Connection) -> Caller:
    """Whom admission has let in."""
    caller: Caller = connection.scope["state"]["caller"]
    return caller


# Services, caller, context, principal, access control: each takes the one before it, so that litestar resolves one after the other. For two at
# once it makes a task group, which takes longer than all the rest of it.
def provide_caller(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Caller:
    """As a dependency of handlers."""
    return caller_in(request)


def provide_principal(request: Request[Any, Any, Any], context: NamedDependency[Context]) -> Principal:
    principal = caller_in(request).principal
    assert principal is not None, "a route that takes the operator asks for the caller, not for a principal"
    return principal


def provide_context(request: Request[Any, Any, Any], caller: NamedDependency[Caller]) -> Context:
    """The request's id is the correlation of all that it causes."""
    return caller.context(caller.tenant, request)


def provide_tenant_context(
    tenant: FromPath[UUID], request: Request[Any, Any, Any], caller: NamedDependency[Caller]
) -> Context:
    """For a route about a tenant that its path names: the operator's, or that tenant's own."""
    return caller.context(tenant, request)


def correlation_of(request: Request[Any, Any, Any]) -> UUID:
    """The request's id."""
    id: UUID = request.scope["state"]["request_id"]
    return id
