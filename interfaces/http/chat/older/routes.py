"""`POST /v1/completions`: a text goes on, or is answered, by the tenant's agent or a model; the same calls as chat completions, on the same way.

https://platform.openai.com/docs/api-reference/completions
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.chat.several import chat_each
from application.gateway.attempt import Emit, EmitPiece
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.limits.rates import take
from interfaces.http.base.position import written
from interfaces.http.base.stream import GuardedStream
from interfaces.http.chat.chat import LARGEST_BODY
from interfaces.http.chat.older.answer import TextCompletion, completion_of
from interfaces.http.chat.older.request import CompletionIn
from interfaces.http.chat.older.stream import Given, streamed
from interfaces.http.chat.waiting import begun, fresh, leaves, made_while_there


@post(
    "/v1/completions",
    status_code=200,
    request_max_body_size=LARGEST_BODY,
    scope="conversations:write",
    rate="answers",
)
async def complete_prompts(
    data: JSONBody[CompletionIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
) -> Response[TextCompletion] | GuardedStream:
    """As OpenAI's older API, streamed or whole. Each prompt is a call by itself, a user's message to the model: it counts for the rate, is on record,
    routed and paid for as one. Without `max_tokens` a choice has 16 tokens."""
    commands = data.commands(services.ids, fresh=fresh(request))
    for _ in commands[1:]:
        await take(context.tenant, [("answers", "")], services)

    def begin(emit: Emit | None = None, emit_piece: EmitPiece | None = None) -> asyncio.Task[Given]:
        return begun(chat_each(commands, context, services, emit_piece), services)

    if data.stream:
        access = access_control.enter(request)
        return await streamed(
            commands[0].id, data.model, begin, leaves(request), access, usage=data.usage_streamed
        )
    given = await made_while_there(begin(), request, access_control)
    headers = await written(services, context.tenant, max(each.position for each in given))
    return Response(completion_of(given), headers=headers)


ROUTER = Router("/", route_handlers=[complete_prompts], tags=["providers"])
