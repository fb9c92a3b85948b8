"""`POST /v1/chat/completions`: the tenant's agent, or a model, for every client that speaks OpenAI's API.

https://platform.openai.com/docs/api-reference/chat. Errors are problems, as everywhere here, and beside that in OpenAI's form.
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.base.in_work import kept
from application.base.tasks import cancel_and_wait
from application.chat.chat import chat
from application.chat.record import ChatGiven
from application.gateway.attempt import Emit
from domain.base.context import Context
from domain.base.errors import Refusal
from interfaces.bootstrap import Services
from interfaces.http.base.idempotency import KEY
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.position import written
from interfaces.http.base.presence import ClientGone, done_while_there
from interfaces.http.base.stream import GuardedStream
from interfaces.http.chat.answer import ChatCompletion, completion_of
from interfaces.http.chat.request import ChatIn
from interfaces.http.chat.stream import streamed

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
    command = data.command(services.ids(), fresh=_fresh(request))

    def begun(emit: Emit | None) -> asyncio.Task[ChatGiven]:
        task = asyncio.create_task(chat(command, context, services, emit))
        services.background.add(task)
        task.add_done_callback(services.background.discard)
        leave = kept()
        task.add_done_callback(lambda _: leave())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # it is on record
        return task

    # With a kept response somebody may come back for it.
    leaves = request if request.headers.get(KEY) is None else None
    if command.stream:
        access = access_control.enter(request)
        return await streamed(command.id, command.model, begun, leaves, access, usage=data.usage_streamed)
    task = begun(None)
    try:
        async with access_control.waiting(request):
            there = await done_while_there(task, leaves)
    except Refusal:
        task.cancel()  # it ends by itself; what it has cost goes on record
        raise
    if not there:
        await cancel_and_wait(task)
        if task.cancelled():
            raise ClientGone
    given = await task
    headers = await written(services, context.tenant, given.position)
    return Response(completion_of(given, services.clock()), headers=headers)


def _fresh(request: Request[Any, Any, Any]) -> bool:
    """Whether the client asks for an answer that was not given before."""
    said = request.headers.get("Cache-Control", "").lower().split(",")
    return not {"no-cache", "no-store", "max-age=0"}.isdisjoint(each.strip() for each in said)


ROUTER = Router("/", route_handlers=[complete], tags=["providers"])
