"""How long a tenant keeps conversations in which nothing happens any more."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, Router, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.privacy.retention import SetRetention, retention_of, set_retention
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.privacy.retention import LONGEST, SHORTEST, Retention
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag

Days = Annotated[int, Meta(ge=SHORTEST, le=LONGEST)]


class RetentionIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`days`: null keeps everything for ever."""

    days: Days | None


class RetentionOut(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations without any activity for `days` are forgotten within a day; null: they are kept for ever."""

    days: int | None


@get("/v1/retention", scope="tenants:admin")
async def read(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[RetentionOut]:
    """How long conversations are kept."""
    days, version = await retention_of(principal.tenant, store=services.store)
    return Response(RetentionOut(days=days), headers=tag(version))


@put("/v1/retention", scope="tenants:admin", versioned=one(Retention.id_of))
async def replace(
    data: JSONBody[RetentionIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[RetentionOut]:
    """Say how long conversations are kept. Those that are idle for longer are forgotten at once; it can not be undone."""
    command = SetRetention(days=data.days)
    done = await set_retention(command, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, done.position, done.version)
    return Response(RetentionOut(days=done.days), headers=headers)


ROUTER = Router("/", route_handlers=[read, replace], tags=["tenants"])
