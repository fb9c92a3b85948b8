"""`/v1/responses`: the Responses API, for every client that speaks OpenAI's; the same calls as completions, on the same way.

https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from application.chat.chat import chat
from application.chat.record import ChatGiven
from application.chat.responses import delete_response, kept_response, turns_until
from application.gateway.attempt import Emit, EmitPiece
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.models.completion import Turn
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.position import written
from interfaces.http.base.stream import GuardedStream
from interfaces.http.chat.chat import LARGEST_BODY
from interfaces.http.chat.responses.request import ResponseIn
from interfaces.http.chat.responses.response import (
    ResponseDeletedOut,
    ResponseOut,
    begun_of,
    id_of,
    kept_of,
    response_of,
)
from interfaces.http.chat.responses.stream import ResponseEvents
from interfaces.http.chat.responses.streaming import streamed
from interfaces.http.chat.waiting import begun, fresh, leaves, made_while_there

TOLD = "the events of OpenAI's Responses API, from `response.created` to `response.completed`, `response.incomplete` or `response.failed`"
ResponseId = Annotated[str, PathParameter(max_length=64, description="As `resp_` and 32 hexadecimal digits.")]


@post(
    "/v1/responses",
    status_code=200,
    request_max_body_size=LARGEST_BODY,
    scope="conversations:write",
    rate="answers",
    streamed=TOLD,
)
async def create(
    data: JSONBody[ResponseIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
) -> Response[ResponseOut] | GuardedStream:
    """As OpenAI's, streamed or whole, with the tenant's routing, failover, budget, cache and audit. `previous_response_id` goes on from a response that is
    on record. Tools are functions; the vendors' own are refused by name."""
    data.check()
    before, kept = tuple[Turn, ...](), dict[UUID, bytes]()
    if data.previous is not None:
        before, kept = await turns_until(
            data.previous, context.tenant, store=services.store, files=services.files
        )
    command = data.command(services.ids(), before, kept, fresh=fresh(request))
    shown = begun_of(command)

    def begin(emit: Emit | None = None, emit_piece: EmitPiece | None = None) -> asyncio.Task[ChatGiven]:
        return begun(chat(command, context, services, emit, emit_piece), services)

    if command.stream:
        access = access_control.enter(request)
        return await streamed(shown, ResponseEvents(command.id), begin, leaves(request), access)
    given = await made_while_there(begin(), request, access_control)
    headers = await written(services, context.tenant, given.position)
    return Response(response_of(shown, given), headers=headers)


@get("/v1/responses/{response:str}", scope="conversations:write")
async def read(
    response: ResponseId, services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ResponseOut]:
    """A response as it is on record; not one of `store: false`, nor one that was deleted."""
    return Response(kept_of(await kept_response(_call(response), principal.tenant, store=services.store)))


@delete("/v1/responses/{response:str}", status_code=200, scope="conversations:write")
async def remove(
    response: ResponseId, services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ResponseDeletedOut]:
    """It is given out no more, and nothing goes on from it. The log keeps the call, sealed, until its user is forgotten."""
    call = _call(response)
    position = await delete_response(call, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, position)
    return Response(ResponseDeletedOut(id=id_of(call)), headers=headers)


def _call(response: str) -> UUID:
    try:
        prefix, _, digits = response.partition("_")
        if prefix == "resp":
            return UUID(digits)
    except ValueError:
        pass
    raise NotFound("there is no such response; its id is `resp_` and 32 hexadecimal digits")


ROUTER = Router("/", route_handlers=[create, read, remove], tags=["providers"])
"""Beside the completions API."""
