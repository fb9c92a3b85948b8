"""Time travel: a conversation as it was after any of its events, by a slider that works without a script."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.audit.history import differences
from application.base.plain import plain
from application.base.shown_event import shown_event
from application.tenancy.authentication import Principal
from domain.base.errors import Invalid, NotFound
from domain.base.plain_digits import to_json
from domain.conversations.conversation import Conversation
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.page import page
from interfaces.http.console.people import names_of
from interfaces.http.conversations.turns import turns_in

EVENTS, TURNS = 150, 30
"""Events before the moment that are read, and turns that are shown of them."""

HISTORY = ("history", "memory", "summary")
"""Parts of the state that the turns show better."""


@get("/console/inbox/{conversation:uuid}/at", scope="conversations:read")
async def at(
    conversation: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """`version` or `position` in the query; without them as it is now."""
    tenant, store = principal.tenant, services.store
    now = await store.load(Conversation, conversation, tenant=tenant)
    position = _number(request, "position")
    if position is None:
        version = min(_number(request, "version") or now.version, now.version)
    else:
        version = await _version_at(position, tenant, conversation, services)
    then = (
        now
        if version == now.version
        else await store.load(Conversation, conversation, tenant=tenant, version=version)
    )
    before = (
        await store.load(Conversation, conversation, tenant=tenant, version=version - 1)
        if version > 1
        else None
    )
    after = max(0, version - EVENTS)
    events = [each async for each in store.stream(tenant, conversation, after=after, limit=version - after)]
    turns = [turn for recorded in events for turn in turns_in(recorded)]
    event = shown_event(events[-1])
    actors = [event.actor, *(turn.operator for turn in turns)]
    holder = then.state.handoff.operator if then.state.handoff else None
    return page(
        request,
        services,
        "inbox/past.html",
        conversation=conversation,
        version=version,
        last=now.version,
        event=event,
        data=_json(event.data),
        state=then.state,
        shown_state=_json(_state(then)),
        changes=differences(_state(before), _state(then)) if before is not None else [],
        turns=turns[-TURNS:],
        holder=holder,
        names=await names_of([*actors, holder], services, tenant),
    )


def _state(found: Conversation) -> dict[str, Any]:
    return {name: value for name, value in plain(found.state).items() if name not in HISTORY}


def _json(value: Any) -> str:
    return msgspec.json.format(to_json(value), indent=2).decode()


def _number(request: Request[Any, Any, Any], name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19 and int(text) > 0):
        raise Invalid(f"{name} is a whole number from 1 on")
    return int(text)


async def _version_at(position: int, tenant: UUID, conversation: UUID, services: Services) -> int:
    """The last one at a position of the tenant's log."""
    last = 0
    async for recorded in services.store.stream(tenant, conversation):
        if recorded.position > position:
            break
        last = recorded.version
    if not last:
        raise NotFound("there was no such conversation yet at that position")
    return last


ROUTER = Router("/", route_handlers=[at], include_in_schema=False, exception_handlers=HANDLERS)
