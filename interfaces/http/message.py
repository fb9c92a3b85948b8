"""`POST /v1/messages`: a customer's message in, the answer out."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, JSONBody
from msgspec import Meta

from application.context import Context
from application.conversation import Answer, AnswerGiven, Received, ReceiveMessage, answer, receive_message
from application.explanation import interaction_events
from application.ports import Fault, Located
from domain.conversation import LONGEST_MESSAGE
from domain.errors import Refusal
from interfaces.bootstrap import Services
from interfaces.http.idempotency import KEY
from interfaces.http.interaction import Interaction, from_answer, from_events
from interfaces.http.position import written
from interfaces.http.problems import place_of

log = logging.getLogger("retrace.http")

BURST = 100
"""Versions before a message within which the rest of its burst is looked for."""

LONGEST_WAIT = 60

# `$` alone would let a line feed pass at the end.
CHANNEL = r"^[a-z][a-z0-9_-]*$(?!\n)"
PRINTABLE = r"^[^\u0000-\u001f\u007f]+$(?!\n)"


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


@post("/v1/messages", status_code=200, scope="conversations:write")
async def post_message(
    data: JSONBody[MessageIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    idempotency_key: Annotated[str | None, HeaderParameter(name=KEY, max_length=200)] = None,
) -> Response[Interaction]:
    """Send a customer's message; get the answer (200), or the id of the interaction that will answer it (202).

    202 comes when the answer is not there after `wait` seconds; it is made all the same. Location says where it will be.
    """
    received = await _receive(data, context, services, idempotency_key)
    if data.wait:
        shown = await _answered(received, context, services, data.wait)
        if shown is not None:
            return Response(shown[0], headers=await written(services, context.tenant, shown[1]))
    pending = Interaction(id=received.interaction, conversation=received.conversation, status="pending")
    headers = {
        "Location": f"/v1/interactions/{received.interaction}",
        **await written(services, context.tenant, received.position),
    }
    return Response(pending, status_code=202, headers=headers)


async def _receive(
    data: JSONBody[MessageIn], context: Context, services: Services, idempotency_key: str | None
) -> Received:
    inbox = None
    if idempotency_key and not data.message_id:
        # Guards the effect even where the kept response is gone; the same key with another text is another message.
        parts = ("message", idempotency_key, data.customer.channel, data.customer.address, data.text)
        inbox = f"idempotency:{await services.keyring.identify(context.tenant, *parts)}"
    command = ReceiveMessage(
        channel=data.customer.channel,
        address=data.customer.address,
        name=data.customer.name,
        text=data.text,
        message_id=data.message_id,
        inbox=inbox,
        wait=data.wait > 0,
    )
    return await receive_message(
        command,
        context,
        store=services.store,
        keyring=services.keyring,
        clock=services.clock,
        ids=services.ids,
    )


async def _answered(
    received: Received, context: Context, services: Services, wait: float
) -> tuple[Interaction, int] | None:
    """The answer, given here or by whoever was quicker, and its position; None when it is not there in time."""
    task = asyncio.create_task(
        answer(
            Answer(conversation=received.conversation),
            context,
            store=services.store,
            embedder=services.embedder,
            vectors=services.vectors,
            providers=services.providers,
            clock=services.clock,
            ids=services.ids,
        )
    )
    services.background.add(task)
    task.add_done_callback(services.background.discard)
    task.add_done_callback(_told)
    try:
        given = await asyncio.wait_for(asyncio.shield(task), wait)
    except (TimeoutError, Fault, Refusal):
        # The message is taken, so whatever befell the answer is not the customer's: the work row sees to it.
        return None
    if given is not None and given.event.interaction == received.interaction:
        return from_answer(given), given.position
    place = Located(received.conversation, max(1, received.version - BURST))
    events = await interaction_events(context.tenant, place, received.interaction, store=services.store)
    shown = from_events(events) if events else None
    return (shown, events[-1].position) if shown is not None and shown.status == "answered" else None


def _told(task: asyncio.Task[AnswerGiven | None]) -> None:
    """Log how an answer failed, for its request may have gone. Texts of errors may be personal."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("an answer failed and is tried again: %s at %s", type(error).__name__, place_of(error))


ROUTER = Router("/", route_handlers=[post_message], tags=["conversations"])
