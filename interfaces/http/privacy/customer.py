"""A tenant's customers: forgotten when they ask for it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.privacy.forget import ForgetCustomer, forget_customer
from domain.base.context import Context
from interfaces.bootstrap import Services
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


ROUTER = Router("/", route_handlers=[forget], tags=["customers"])
