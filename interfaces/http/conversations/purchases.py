"""What requests that buy something for a customer share: whose conversation it belongs to, and the id of what comes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request
from litestar.params import HeaderParameter
from msgspec import Meta

from application.conversations.opening import OpenConversation, open_conversation
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.idempotency import KEY
from interfaces.http.conversations.message import Customer

Note = Annotated[str, Meta(max_length=2_000)]
Key = Annotated[str | None, HeaderParameter(name=KEY, max_length=200)]


async def conversation_for(
    customer: Customer, check: Callable[[], Awaitable[None]], context: Context, services: Services
) -> UUID:
    """The customer's, which is begun where there is none, if `check` finds nothing against it."""
    command = OpenConversation(channel=customer.channel, address=customer.address, name=customer.name)
    locate = services.people.locate(customer.channel, customer.address, (), context)
    return await open_conversation(
        command, context, locate, check, store=services.store, clock=services.clock
    )


async def id_for(
    key: str | None,
    kind: str,
    wanted: tuple[str, ...],
    request: Request[Any, Any, Any],
    context: Context,
    services: Services,
) -> UUID:
    """With a key it follows from that and from all that is `wanted`: so it guards the effect even where the kept response is gone."""
    if not key:
        return services.ids()
    return await services.keyring.identify(context.tenant, kind, caller_in(request).line, key, *wanted)
