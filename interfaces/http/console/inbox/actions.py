"""What an operator does to a conversation: claim, reply, release, close, open again. The same commands as the API's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.conversations.closing import (
    CloseConversation,
    ReopenConversation,
    close_conversation,
    reopen_conversation,
)
from application.conversations.handoff import (
    ClaimConversation,
    ReleaseConversation,
    SendReply,
    claim_conversation,
    release_conversation,
    send_reply,
)
from domain.base.context import Context
from domain.base.errors import Conflict, Invalid, Refused
from domain.conversations.messages import LONGEST_MESSAGE
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.forms import fields_of, sentence
from interfaces.http.console.inbox.conversation import shown
from interfaces.http.console.page import done
from interfaces.http.console.people import actor_of

LONGEST_REASON = 500
Tried = Callable[[], Awaitable[object]]


@post("/console/inbox/{conversation:uuid}/claim", status_code=303, scope="conversations:write")
async def claim(
    conversation: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Any]:
    """Take it; who comes second is told that somebody has it."""
    command = ClaimConversation(conversation=conversation, operator=actor_of(request))
    return await tried(
        lambda: claim_conversation(
            command, context, store=services.store, keyring=services.keyring, clock=services.clock
        ),
        "You have this conversation now; the agent is silent.",
        conversation,
        request,
        services,
        context,
    )


@post("/console/inbox/{conversation:uuid}/reply", status_code=303, scope="conversations:write")
async def reply(
    conversation: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Any]:
    """Answer the customer. A form that is sent twice is one reply, by its `once`."""
    given = await fields_of(request, text=LONGEST_MESSAGE, once=32)
    text = given["text"].replace("\r\n", "\n")
    if not text.strip() or len(text) > LONGEST_MESSAGE:
        told = "Write something first." if not text.strip() else f"At most {LONGEST_MESSAGE:,} characters."
        return await shown(
            request, services, context.tenant, conversation, status=400, text=text, text_error=told
        )
    name = await services.keyring.identify(
        context.tenant, "console reply", given["once"], str(conversation), actor_of(request)
    )
    command = SendReply(
        conversation=conversation, operator=actor_of(request), text=text, inbox=f"console:{name}"
    )
    return await tried(
        lambda: send_reply(command, context, store=services.store, clock=services.clock),
        "Your reply is on its way.",
        conversation,
        request,
        services,
        context,
        text=text,
    )


@post("/console/inbox/{conversation:uuid}/release", status_code=303, scope="conversations:write")
async def release(
    conversation: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Any]:
    """Give it back to the agent."""
    command = ReleaseConversation(conversation=conversation, operator=actor_of(request))
    return await tried(
        lambda: release_conversation(command, context, store=services.store, clock=services.clock),
        "The agent has this conversation again.",
        conversation,
        request,
        services,
        context,
    )


@post("/console/inbox/{conversation:uuid}/close", status_code=303, scope="conversations:write")
async def close(
    conversation: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Any]:
    """The customer's next message opens it again."""
    reason = (await fields_of(request, reason=LONGEST_REASON))["reason"][:LONGEST_REASON] or None
    command = CloseConversation(conversation=conversation, reason=reason)
    return await tried(
        lambda: close_conversation(command, context, store=services.store, clock=services.clock),
        "The conversation is closed; the customer's next message opens it again.",
        conversation,
        request,
        services,
        context,
    )


@post("/console/inbox/{conversation:uuid}/reopen", status_code=303, scope="conversations:write")
async def reopen(
    conversation: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Any]:
    """Without a message of the customer's."""
    command = ReopenConversation(conversation=conversation)
    return await tried(
        lambda: reopen_conversation(command, context, store=services.store, clock=services.clock),
        "The conversation is open again.",
        conversation,
        request,
        services,
        context,
    )


async def tried(
    act: Tried,
    told: str,
    conversation: UUID,
    request: Request[Any, Any, Any],
    services: Services,
    context: Context,
    text: str = "",
) -> Response[Any]:
    """Then the conversation's page, which says what was done, or why it was not."""
    try:
        await act()
    except (Conflict, Refused, Invalid) as refused:
        status = {Conflict: 409, Refused: 422}.get(type(refused), 400)
        return await shown(
            request,
            services,
            context.tenant,
            conversation,
            status=status,
            error=_words(refused),
            text=text,
        )
    return done(request, services, f"/console/inbox/{conversation}", told)


def _words(refused: Conflict | Refused | Invalid) -> str:
    """Ids of operators are none for readers; the page says who has it."""
    operator = refused.facts.get("operator")
    if isinstance(operator, str) and operator.startswith("operator:"):
        return "Somebody else has this conversation; only they can reply or give it back."
    return sentence(refused)


ROUTER = Router(
    "/",
    route_handlers=[claim, reply, release, close, reopen],
    include_in_schema=False,
    exception_handlers=HANDLERS,
)
