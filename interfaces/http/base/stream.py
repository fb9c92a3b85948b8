"""A response piece by piece that is guarded: it ends, with a last word, when its caller may have no more of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from litestar import Request
from litestar.response import Stream
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Message, Receive, Scope, Send

from application.base.tasks import cancel_and_wait
from domain.base.errors import Refusal
from domain.base.plain_digits import to_json
from interfaces.http.base.gate import JSON
from interfaces.http.base.limits.access import AGAIN
from interfaces.http.base.limits.access_watch import Access
from interfaces.http.base.problem import body_of
from interfaces.http.base.problem_kinds import kind_of

EVENTS = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
BREAK_OFF = "break_off"
"""In the state of a request: closes its connection (infra/http/connection.py)."""

CUT = "cut"
"""In the state of a request: its answer was ended before its time, and is none to be kept."""

END: Message = {"type": "http.response.body", "body": b"", "more_body": False}

LastWord = Callable[[Refusal], bytes]


def asked_for_events(request: Request[Any, Any, Any]) -> bool:
    """Whether a client would rather have the answer piece by piece."""
    return request.accept.best_match([JSON, EVENTS], default=JSON) == EVENTS


def error_event(why: Refusal) -> bytes:
    """`event: error` with the problem as its data."""
    body = {**why.facts, **body_of(kind_of(why), why.detail)}
    return b"event: error\ndata: %s\n\n" % to_json(body)


class BrokenOff(Exception):
    """An answer that has begun and has no last word ends so on a server that can't close its connection in another way."""


class GuardedStream(Stream):
    """`parts` as they come. `last_word`: what is sent when its caller may have no more; None: it is broken off, without an end."""

    def __init__(
        self,
        parts: AsyncGenerator[bytes, None],
        access: Access,
        *,
        last_word: LastWord | None = error_event,
        media_type: str = EVENTS,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(parts, media_type=media_type, headers=HEADERS | (headers or {}))
        self._parts, self._access, self._last_word = parts, access, last_word

    def to_asgi_response(self, *given: Any, **named: Any) -> Any:
        made = super().to_asgi_response(*given, **named)
        assert isinstance(made, ASGIStreamingResponse)
        return _Guarded(made, self._parts, self._access, self._last_word)


class _Guarded:
    def __init__(
        self,
        made: ASGIStreamingResponse,
        parts: AsyncGenerator[bytes, None],
        access: Access,
        last_word: LastWord | None,
    ) -> None:
        self._made, self._parts, self._access, self._last_word = made, parts, access, last_word

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._made.start_response(send)
        over = self._access.over
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((sending, leaving, over), return_when=asyncio.FIRST_COMPLETED)
            cut = over.done() and not sending.done() and not leaving.done()
        finally:
            await cancel_and_wait(
                leaving, sending, again=AGAIN
            )  # what reads the log all the time loses many a cancellation
        if cut:
            scope["state"][CUT] = True
            await self._end(over.result(), scope, receive, send)

    async def _end(self, why: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        if self._last_word is None:
            break_off = scope["state"].get(BREAK_OFF)
            if break_off is None:
                raise BrokenOff(why.detail)
            break_off()
            await _gone(receive)
            return
        await send({"type": "http.response.body", "body": self._last_word(why), "more_body": True})
        await send(END)

    async def _send(self, send: Send) -> None:
        async with aclosing(self._parts) as parts:
            async for part in parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send(END)


async def _gone(receive: Receive) -> None:
    """Until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
