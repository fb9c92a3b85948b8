"""A tenant's customers: forgotten when they ask for it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.privacy.erasures import erasures
from application.privacy.forget import ForgetCustomer, forget_customer
from application.tenancy.authentication import Principal
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager
from interfaces.http.base.position import written


class ForgetIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In the body, because addresses do not belong into URLs, which are logged. The channel `api`, with what an app sends as `user`, is
    for calls of the completions API."""

    channel: Annotated[str, Meta(min_length=1, max_length=32)]
    address: Annotated[str, Meta(min_length=1, max_length=256)]


class ForgottenOut(msgspec.Struct, frozen=True, kw_only=True):
    """`conversations` can no longer be changed; within seconds they can no longer be read, and neither can the calls of `users`, those
    of the completions API who have this name."""

    conversations: tuple[UUID, ...]
    users: tuple[UUID, ...] = ()


class ErasureOut(msgspec.Struct, frozen=True, kw_only=True):
    """`stream`: whose key is destroyed, as conversation/ID. `position`: of the event that says so. `erased`: it is done; else it follows within
    seconds. `actor`: who asked, `system:retention` where it was the retention time."""

    stream: str
    position: int
    asked_at: datetime
    actor: str
    erased: bool


class Before(NamedTuple):
    position: int


@get("/v1/customers/forgotten", scope="tenants:admin")
async def list_forgotten(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ErasureOut]:
    """Erasures of customers, the newest first, and whether they are done. A page may have fewer items than `limit` although more follow."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Before, "forgotten")
    place = await pager.place(cursor) or Before(await services.reads.head(tenant) + 1)
    found = await erasures(
        tenant, before=place.position, limit=limit, store=services.store, eraser=services.eraser
    )
    next_cursor = await pager.cursor(Before(found.reached)) if found.reached > 1 else None
    return Page([ErasureOut(**msgspec.structs.asdict(each)) for each in found.erasures], next_cursor)


@post("/v1/customers/forget", status_code=202, scope="tenants:admin")
async def forget(
    data: JSONBody[ForgetIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ForgottenOut]:
    """Erase a customer: the key of all that they said and were told is destroyed. It can not be undone."""
    said = await forget_customer(
        ForgetCustomer(channel=data.channel, address=data.address),
        context,
        store=services.store,
        keyring=services.keyring,
        clock=services.clock,
    )
    shown = ForgottenOut(conversations=said.conversations, users=said.users)
    headers = await written(services, context.tenant, said.position)
    return Response(shown, status_code=202, headers=headers)


ROUTER = Router("/", route_handlers=[forget, list_forgotten], tags=["customers"])
