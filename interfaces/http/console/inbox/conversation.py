"""One conversation: what was said, how answers were rated and delivered, who has it, and what the reader can do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.inbox.called import calls_shown
from interfaces.http.console.page import page
from interfaces.http.console.people import actor_of, names_of
from interfaces.http.conversations.conversation import detail_of

NEWEST = 30
"""Interactions on the page; what was before them is on the page of earlier states."""


@get("/console/inbox/{conversation:uuid}", scope="conversations:read")
async def conversation(
    conversation: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """The page; 404 for another tenant's."""
    return await shown(request, services, principal.tenant, conversation)


async def shown(
    request: Request[Any, Any, Any],
    services: Services,
    tenant: UUID,
    conversation: UUID,
    *,
    status: int = 200,
    error: str = "",
    text: str = "",
    text_error: str = "",
) -> Response[Any]:
    """`error`: why what was just tried is not done; `text`: the reply that was not sent, and what is wrong with it."""
    detail = await detail_of(conversation, services, tenant, None, NEWEST)
    actor, holder = actor_of(request), detail.handoff.operator if detail.handoff else None
    said = [turn.operator for turn in detail.turns]
    interactions = {each.id: each for each in detail.interactions}
    last = {turn.interaction: turn.version for turn in detail.turns if turn.by in ("agent", "operator")}
    return page(
        request,
        services,
        "inbox/conversation.html",
        status=status,
        detail=detail,
        interactions=interactions,
        last=last,
        names=await names_of([holder, *said], services, tenant),
        holder=holder,
        mine=holder == actor,
        may_write="conversations:write" in caller_in(request).session.principal.scopes,  # type: ignore[union-attr]
        once=services.ids().hex,
        calls=await calls_shown(services, tenant, conversation),
        error=error,
        text=text,
        text_error=text_error,
        earlier=detail.turns[0].version if detail.turns and detail.turns[0].version > 2 else 0,
    )


ROUTER = Router("/", route_handlers=[conversation], include_in_schema=False, exception_handlers=HANDLERS)
