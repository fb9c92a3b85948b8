"""An operator's word on a call of an action: that it may be made or not, or what came of it. The same command as the API's."""

from __future__ import annotations

from typing import Any, get_args
from uuid import UUID

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.conversations.settle_call import DecideCall, Word, decide_call
from domain.actions.call import ActionCall
from domain.base.context import Context
from domain.base.errors import NotFound
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.inbox.actions import tried
from interfaces.http.console.people import actor_of

TOLD: dict[str, str] = {
    "approve": "It is being done; the customer is told.",
    "decline": "It is not done.",
    "done": "It is on record that it was done.",
    "not_done": "It is on record that it was not done.",
}


@post(
    "/console/inbox/{conversation:uuid}/calls/{call:uuid}/{word:str}",
    status_code=303,
    scope="conversations:write",
)
async def decide(
    conversation: FromPath[UUID],
    call: FromPath[UUID],
    word: FromPath[str],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Any]:
    """404 for a call that is not of this conversation."""
    said: Word | None = next((each for each in get_args(Word) if each == word), None)
    known = await services.store.load(ActionCall, call, tenant=context.tenant)
    if said is None or known.state.conversation != conversation:
        raise NotFound("there is no such call in this conversation")
    command = DecideCall(call=call, operator=actor_of(request), word=said)
    return await tried(
        lambda: decide_call(command, context, services), TOLD[said], conversation, request, services, context
    )


ROUTER = Router("/", route_handlers=[decide], include_in_schema=False, exception_handlers=HANDLERS)
