"""Logins of analysts: who reads the tenant's views in the database, with psql or any tool that speaks to PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from application.base.setting import load_setting
from application.insight.analyst_login import (
    CreateAnalystLogin,
    create_analyst_login,
    revoke_analyst_login,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.insight.analyst_logins import CONNECTIONS, AnalystLogin, AnalystLogins
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag

LASTING = timedelta(days=90)
"""Of a login that is asked for without an end."""

SECRET = {"Cache-Control": "no-store"}


class LoginIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`name`: whose it is, or what for. `expires_at`: at most a year from now, 90 days where none is given. `connections`: at once."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    expires_at: datetime | None = None
    connections: Annotated[int, Meta(ge=CONNECTIONS[0], le=CONNECTIONS[1])] = 5


class LoginOut(msgspec.Struct, frozen=True, kw_only=True):
    """`user`: in PostgreSQL. `ended`: why it works no more, as `revoked` or `expired`; null while it works."""

    id: UUID
    name: str
    user: str
    connections: int
    created_at: datetime
    expires_at: datetime
    ended: str | None


class LoginMade(msgspec.Struct, frozen=True, kw_only=True):
    """`password`, and `address` with it, are shown this once: neither the log nor the database has them."""

    id: UUID
    name: str
    user: str
    password: str
    address: str
    connections: int
    expires_at: datetime

    def __repr__(self) -> str:
        return f"LoginMade(user={self.user!r})"


@post("/v1/analytics/logins", status_code=201, scope="tenants:admin", versioned=one(AnalystLogins.id_of))
async def create(
    data: JSONBody[LoginIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[LoginMade]:
    """A login that reads the tenant's views, and nothing else, in the database."""
    expires_at = services.clock() + LASTING if data.expires_at is None else _utc(data.expires_at)
    command = CreateAnalystLogin(name=data.name, expires_at=expires_at, connections=data.connections)
    made = await create_analyst_login(command, context, services)
    login = made.login
    out = LoginMade(
        id=login.id,
        name=login.name,
        user=login.role,
        password=made.password,
        address=made.address,
        connections=login.connections,
        expires_at=login.expires_at,
    )
    headers = SECRET | await written(services, context.tenant, made.position, made.version)
    return Response(out, headers=headers)


@get("/v1/analytics/logins", scope="tenants:admin")
async def list_all(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[Page[LoginOut]]:
    """The tenant's logins of analysts, those that have ended too, on one page."""
    found = await load_setting(AnalystLogins, principal.tenant, store=services.store)
    logins = [] if found is None else [_shown(each, services.clock()) for each in found.state.logins.values()]
    return Response(Page(logins, None), headers=tag(found.version if found else 0))


@delete(
    "/v1/analytics/logins/{login:uuid}",
    status_code=204,
    scope="tenants:admin",
    versioned=one(AnalystLogins.id_of),
)
async def revoke(
    login: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Revoke a login: its sessions end at once, and it is gone from the database."""
    position = await revoke_analyst_login(login, context, services)
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


def _utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise Invalid("expires_at lies outside the calendar; leave it out for 90 days") from None


def _shown(login: AnalystLogin, now: datetime) -> LoginOut:
    return LoginOut(
        id=login.id,
        name=login.name,
        user=login.role,
        connections=login.connections,
        created_at=login.created_at,
        expires_at=login.expires_at,
        ended=login.ended if login.ended or login.works(now) else "expired",
    )


ROUTER = Router("/", route_handlers=[create, list_all, revoke], tags=["analytics"])
