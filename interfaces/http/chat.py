"""`POST /v1/chat/completions`: the tenant's agent, or a model, for every client that speaks OpenAI's API.

https://platform.openai.com/docs/api-reference/chat. Errors are problems, as everywhere here; their `code` is OpenAI's.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Stream
from msgspec import Meta

from application.attempting import Deliver
from application.call_record import Chat, ChatGiven
from application.chat import chat
from application.context import Context
from domain.completion import Turn
from domain.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.chat_answer import ChatCompletion, completion_of
from interfaces.http.chat_stream import streamed
from interfaces.http.idempotency import KEY
from interfaces.http.position import written

AT_ONCE = 0.05
"""Seconds for which nobody looks whether the client is still there: what is quick, as an answer out of the cache, needs no watch."""

LONGEST = 200_000
"""Characters of one message."""

Penalty = Annotated[float, Meta(ge=-2, le=2)]
Tokens = Annotated[int, Meta(ge=1, le=1_000_000)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Text only."""

    type: Literal["text"]
    text: Annotated[str, Meta(max_length=LONGEST)]


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    role: Literal["system", "developer", "user", "assistant"]
    content: (
        Annotated[str, Meta(max_length=LONGEST)] | Annotated[list[Part], Meta(min_length=1, max_length=50)]
    )
    name: Annotated[str, Meta(max_length=64)] | None = None

    def turn(self) -> Turn:
        text = (
            self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)
        )
        return Turn(role="system" if self.role == "developer" else self.role, text=text)


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    include_usage: bool = False


class ChatIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model`: `agent` (the tenant's agent with its documents), `auto` (the messages as they are, routed), or a model's name.

    What OpenAI's API has beyond this, as tools, is refused.
    """

    model: Annotated[str, Meta(min_length=1, max_length=200)]
    messages: Annotated[list[Said], Meta(min_length=1, max_length=500)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: Annotated[str, Meta(max_length=200)] | Annotated[list[str], Meta(max_length=4)] | None = None
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    user: Annotated[str, Meta(max_length=256)] | None = None

    def command(self, id: UUID) -> Chat:
        if self.max_tokens is not None and self.max_completion_tokens not in (None, self.max_tokens):
            raise Invalid("max_tokens and max_completion_tokens differ; give one of them")
        names = ("top_p", "presence_penalty", "frequency_penalty", "seed")
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Chat(
            id=id,
            model=self.model,
            messages=tuple(said.turn() for said in self.messages),
            max_tokens=self.max_completion_tokens or self.max_tokens,
            temperature=self.temperature,
            stop=stop,
            options={name: value for name in names if (value := getattr(self, name)) is not None},
            stream=bool(self.stream),
            user=self.user,
        )


@post("/v1/chat/completions", status_code=200, scope="conversations:write")
async def complete(
    data: JSONBody[ChatIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    request: Request[Any, Any, Any],
) -> Response[ChatCompletion] | Stream:
    """As OpenAI's, streamed or whole, with the tenant's routing, failover, budget, cache and audit.

    A client that goes away ends the call at the provider too.
    """
    command = data.command(services.ids())

    def begun(deliver: Deliver | None) -> asyncio.Task[ChatGiven]:
        task = asyncio.create_task(
            chat(
                command,
                context,
                store=services.store,
                keyring=services.keyring,
                embedder=services.embedder,
                vectors=services.vectors,
                providers=services.providers,
                clock=services.clock,
                ids=services.ids,
                deliver=deliver,
            )
        )
        services.background.add(task)
        task.add_done_callback(services.background.discard)
        return task

    if command.stream:
        with_usage = data.stream_options is not None and data.stream_options.include_usage
        return await streamed(command.id, command.model, begun, with_usage)
    task = begun(None)
    # With a kept response somebody may come back for it.
    if request.headers.get(KEY) is None:
        await _while_there(task, request)
    given = await task
    headers = await written(services, context.tenant, given.position)
    return Response(completion_of(given, services.clock()), headers=headers)


async def _while_there(task: asyncio.Task[ChatGiven], request: Request[Any, Any, Any]) -> None:
    """Wait for the task; cancel it when the client goes away."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    await asyncio.wait((task,), timeout=AT_ONCE)
    if task.done():
        return
    watch = asyncio.create_task(gone())
    try:
        await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
    finally:
        watch.cancel()


ROUTER = Router("/", route_handlers=[complete], tags=["providers"])
