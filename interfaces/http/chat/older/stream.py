"""An answer of the older completions API piece by piece, as server-sent events in OpenAI's form."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request

from application.chat.record import ChatGiven
from application.ports import Piece
from domain.base.plain_digits import to_json
from domain.models.choices import ChoicePiece
from interfaces.http.base.limits.access_watch import Access
from interfaces.http.base.problems import told
from interfaces.http.base.stream import GuardedStream
from interfaces.http.chat.answer import Extra, UsageOut, extra_of, named, seconds_of
from interfaces.http.chat.begun import Begin, Pieces, begun_by
from interfaces.http.chat.likely import older_logprobs_out
from interfaces.http.chat.older.answer import FINISHES, TextChoice, id_of, usage_of_all
from interfaces.http.chat.stream import DONE

ROUTE = "POST /v1/completions"

Given = tuple[ChatGiven, ...]


class TextChunk(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: tuple[TextChoice, ...] = ()
    usage: UsageOut | None = None
    retrace: tuple[Extra, ...] | None = None


async def streamed(
    id: UUID,
    model: str,
    begin: Begin[Given],
    leaves: Request[Any, Any, Any] | None,
    access: Access,
    *,
    usage: bool,
) -> GuardedStream:
    """As chat completions are streamed: what fails before the first piece is an error like any other, and raises. `id`: of the first prompt's call."""
    task, first, pieces = await begun_by(begin, leaves, access)
    sent = TextChunk(id=id_of(id), created=seconds_of(id), model=model)
    parts = _parts(sent, task, first, pieces, usage)
    return GuardedStream(parts, access, last_word=lambda why: _event({"error": told(why, ROUTE)}))


async def _parts(
    sent: TextChunk, task: asyncio.Task[Given], piece: Piece | None, pieces: Pieces, usage: bool
) -> AsyncGenerator[bytes, None]:
    before = defaultdict[int, int](int)
    try:
        while piece is not None:
            assert isinstance(piece, ChoicePiece)
            number = piece.choice
            choice = TextChoice(
                text=piece.text,
                index=number,
                logprobs=older_logprobs_out(piece.logprobs, before[number]),
                finish_reason=None,
            )
            before[number] += sum(len(each.token) for each in piece.logprobs)
            yield _event(msgspec.structs.replace(sent, choices=(choice,)))
            piece = await pieces.get()
        try:
            given = await task
        except Exception as error:  # noqa: BLE001  # the head is out: whatever it is goes out as an event, and a bug into the log
            yield _event({"error": told(error, ROUTE)})
            return
        extras = tuple(map(extra_of, given))
        last = msgspec.structs.replace(sent, model=named(extras[0]), retrace=extras)
        for index, each in enumerate(choice for one in given for choice in one.choices):
            ended = TextChoice(text="", index=index, finish_reason=FINISHES.get(each.finish, "stop"))
            yield _event(msgspec.structs.replace(last, choices=(ended,)))
        if usage:
            yield _event(msgspec.structs.replace(last, usage=usage_of_all(given)))
        yield DONE
    finally:
        task.cancel()  # where the client has gone; else it has ended


def _event(data: Any) -> bytes:
    return b"data: %s\n\n" % to_json(data)
