"""The stream of a response: what is made of the task that makes it, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request

from application.chat.record import ChatGiven
from application.ports import Piece
from domain.base.errors import Refusal
from interfaces.http.base.limits.access_watch import Access
from interfaces.http.base.problems import told
from interfaces.http.base.stream import GuardedStream
from interfaces.http.chat.begun import Begin, Pieces, begun_by
from interfaces.http.chat.responses.response import ResponseOut, failed_of, response_of
from interfaces.http.chat.responses.stream import ResponseEvents

ROUTE = "POST /v1/responses"


async def streamed(
    begun: ResponseOut,
    events: ResponseEvents,
    begin: Begin[ChatGiven],
    leaves: Request[Any, Any, Any] | None,
    access: Access,
) -> GuardedStream:
    """As completions are streamed: what fails before the first piece is an error like any other, and raises."""
    task, first, pieces = await begun_by(begin, leaves, access)

    def last_word(why: Refusal) -> bytes:
        error = told(why, ROUTE)
        return events.event("error", code=error.code, message=error.message, param=error.param, error=error)

    return GuardedStream(_parts(begun, events, task, first, pieces), access, last_word=last_word)


async def _parts(
    begun: ResponseOut,
    events: ResponseEvents,
    task: asyncio.Task[ChatGiven],
    piece: Piece | None,
    pieces: Pieces,
) -> AsyncGenerator[bytes, None]:
    try:
        yield events.event("response.created", response=begun)
        yield events.event("response.in_progress", response=begun)
        while piece is not None:
            yield b"".join(events.piece(piece))
            piece = await pieces.get()
        try:
            given = await task
        except Exception as error:  # noqa: BLE001  # the head is out: whatever it is goes out as an event, and a bug into the log
            why = told(error, ROUTE)
            yield b"".join(events.close(whole=False))
            yield events.event(
                "response.failed", response=failed_of(begun, why.code or why.type, why.message)
            )
            return
        whole = given.finish not in ("length", "content_filter")
        if not events.items and not given.content and not given.calls:
            yield b"".join(events.piece(""))  # an empty message, as of one that is not streamed
        yield b"".join(events.close(given.citations, whole=whole))
        ended = response_of(begun, given, tuple(events.items))
        yield events.event(f"response.{ended.status}", response=ended)
    finally:
        task.cancel()  # where the client has gone; else it has ended
