"""`POST /v1/chat/completions`: the tenant's agent, or a model, for every client that speaks OpenAI's API.

https://platform.openai.com/docs/api-reference/chat. Errors are problems, as everywhere here, and beside that in OpenAI's form.
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.chat.chat import chat
from application.chat.record import ChatGiven
from application.gateway.attempt import Emit, EmitPiece
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.position import written
from interfaces.http.base.stream import GuardedStream
from interfaces.http.chat.answer import ChatCompletion, completion_of
from interfaces.http.chat.request import ChatIn
from interfaces.http.chat.stream import streamed
from interfaces.http.chat.waiting import begun, fresh, leaves, made_while_there

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of a request: eight for each token of the largest context window."""


@post(
    "/v1/chat/completions",
    status_code=200,
    request_max_body_size=LARGEST_BODY,
    scope="conversations:write",
    rate="answers",
)
async def complete(
    data: JSONBody[ChatIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
) -> Response[ChatCompletion] | GuardedStream:
    """As OpenAI's, streamed or whole, with the tenant's routing, failover, budget, cache and audit.

    A client that goes away ends the call at the provider too, and so does a key that may do this no more. `Cache-Control: no-cache` asks for an answer that was not given before.
    """
    command = data.command(services.ids(), fresh=fresh(request))

    def begin(emit: Emit | None = None, emit_piece: EmitPiece | None = None) -> asyncio.Task[ChatGiven]:
        return begun(chat(command, context, services, emit, emit_piece), services)

    if command.stream:
        access = access_control.enter(request)
        return await streamed(
            command.id, command.model, begin, leaves(request), access, usage=data.usage_streamed
        )
    given = await made_while_there(begin(), request, access_control)
    headers = await written(services, context.tenant, given.position)
    return Response(completion_of(given), headers=headers)


ROUTER = Router("/", route_handlers=[complete], tags=["providers"])
