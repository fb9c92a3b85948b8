"""`POST /v1/messages`: a customer's message in, the answer out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, JSONBody
from msgspec import Meta

from application.conversations.conversation import Received, ReceiveMessage, receive_message
from application.ports import Fault
from domain.base.context import Context
from domain.base.errors import Refusal
from domain.base.patterns import CHANNEL, PRINTABLE
from domain.conversations.messages import LONGEST_MESSAGE
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.idempotency import KEY
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.limits.rates import take_customers
from interfaces.http.base.position import written
from interfaces.http.base.presence import LONGEST_WAIT
from interfaces.http.base.stream import GuardedStream, asked_for_events
from interfaces.http.conversations.answer_task import begin_answer, has_room, interaction_given, pending
from interfaces.http.conversations.interaction import Interaction
from interfaces.http.conversations.message_stream import events_of

# `$` alone would let a line feed pass at the end.


class Customer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`channel` is where the customer writes, as `http` or `whatsapp`; `address` names the customer there."""

    channel: Annotated[str, Meta(min_length=1, max_length=32, pattern=CHANNEL)]
    address: Annotated[str, Meta(min_length=1, max_length=256)]
    name: Annotated[str, Meta(max_length=200)] | None = None


class MessageIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`message_id`: the channel's own; the same one again has no second effect.

    `wait`: seconds, 30 unless told, that the request waits for the answer; 0 answers 202 at once.
    """

    customer: Customer
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_MESSAGE)]
    message_id: Annotated[str, Meta(min_length=1, max_length=128, pattern=PRINTABLE)] | None = None
    wait: Annotated[float, Meta(ge=0, le=LONGEST_WAIT)] = 30


STREAMED = """The same, while it is made: the events `accepted` {interaction, conversation}, `piece` {text} as they come, `restarted` {}
when a newer message is answered too, at the end `interaction` (as of 200), or `pending` (as of 202) after `wait` seconds, or `error`, a problem, when the key may do this no more."""


@post(
    "/v1/messages",
    status_code=200,
    scope="conversations:write",
    rate="answers",
    brings=True,
    streamed=STREAMED,
    responses={202: ResponseSpec(Interaction, generate_examples=False, description="Not answered yet.")},
)
async def post_message(
    data: JSONBody[MessageIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    idempotency_key: Annotated[str | None, HeaderParameter(name=KEY, max_length=200)] = None,
) -> Response[Interaction] | GuardedStream:
    """Send a customer's message; get the answer (200), or the id of the interaction that will answer it (202).

    202 comes when the answer is not there after `wait` seconds; it is made all the same. Location says where it will be.
    With `Accept: text/event-stream` the answer comes piece by piece. A client that goes away does not end it.
    """
    await take_customers(context.tenant, data.customer.channel, data.customer.address, services)
    streamed = asked_for_events(request)
    access = access_control.enter(request) if streamed else None
    inbox = None
    if idempotency_key and not data.message_id:
        # Guards the effect even where the kept response is gone; the same key with another text is another message.
        customer = data.customer
        name = (caller_in(request).line, idempotency_key, customer.channel, customer.address, data.text)
        inbox = f"idempotency:{await services.keyring.identify(context.tenant, 'message', *name)}"
    wait = data.wait if has_room(context.tenant, services) else 0.0
    received = await _receive(data, wait, context, services, inbox)
    if access is not None:
        headers = await written(services, context.tenant, received.position)
        return GuardedStream(events_of(received, wait, context, services), access, headers=headers)
    if wait:
        async with access_control.waiting(request):
            found = await _answered(received, context, services, wait)
        if found is not None:
            return Response(found[0], headers=await written(services, context.tenant, found[1]))
    headers = {
        "Location": f"/v1/interactions/{received.interaction}",
        **await written(services, context.tenant, received.position),
    }
    return Response(pending(received), status_code=202, headers=headers)


async def _receive(
    data: JSONBody[MessageIn], wait: float, context: Context, services: Services, inbox: str | None
) -> Received:
    command = ReceiveMessage(
        channel=data.customer.channel,
        address=data.customer.address,
        name=data.customer.name,
        text=data.text,
        message_id=data.message_id,
        inbox=inbox,
        wait=wait > 0,
    )
    return await receive_message(command, context, services)


async def _answered(
    received: Received, context: Context, services: Services, wait: float
) -> tuple[Interaction, int] | None:
    """The answer and its position; None when it is not there in time, or the process is to stop."""
    task = begin_answer(received, wait, context, services)
    stopping = asyncio.create_task(services.stopping.wait())
    try:
        await asyncio.wait((task, stopping), timeout=wait, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    if not task.done():
        return None
    try:
        given = task.result()
    except (Fault, Refusal):
        # The message is taken, so whatever befell the answer is not the customer's: the work row sees to it.
        return None
    return await interaction_given(given, received, context.tenant, services)


ROUTER = Router("/", route_handlers=[post_message], tags=["conversations"])
