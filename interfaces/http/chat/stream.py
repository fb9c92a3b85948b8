"""An answer of the completions API piece by piece, as server-sent events in OpenAI's form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request

from application.chat.record import ChatGiven
from application.ports import Piece
from domain.base.plain_digits import to_json
from domain.models.tools import ToolCallPiece
from interfaces.http.base.limits.access_watch import Access
from interfaces.http.base.problems import told
from interfaces.http.base.stream import GuardedStream
from interfaces.http.chat.answer import (
    FINISHES,
    Extra,
    FinishReason,
    UsageOut,
    extra_of,
    id_of,
    named,
    seconds_of,
    usage_of,
)
from interfaces.http.chat.begun import Begin, Pieces, begun_by
from interfaces.http.chat.likely import LogprobsOut, logprobs_out

ROUTE = "POST /v1/chat/completions"
DONE = b"data: [DONE]\n\n"


class FunctionPiece(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str | None = None
    arguments: str


class CallPiece(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of the call number `index`. Its first piece has the id and the function's name, the others more of the arguments."""

    index: int
    id: str | None = None
    type: Literal["function"] | None = None
    function: FunctionPiece


class Delta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    role: Literal["assistant"] | None = None
    content: str | None = None
    tool_calls: tuple[CallPiece, ...] | None = None


class ChunkChoice(msgspec.Struct, frozen=True, kw_only=True):
    index: int = 0
    delta: Delta
    finish_reason: FinishReason | None = None
    logprobs: LogprobsOut | None = None


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: tuple[ChunkChoice, ...] = ()
    usage: UsageOut | None = None
    retrace: Extra | None = None


async def streamed(
    id: UUID,
    model: str,
    begin: Begin[ChatGiven],
    leaves: Request[Any, Any, Any] | None,
    access: Access,
    *,
    usage: bool,
) -> GuardedStream:
    """The answer of the task that `begin` starts. `model`: as it was asked for; the last chunk names what answered.

    `leaves`: whose client ends the call when it goes away before the first piece; afterwards every client does.
    What fails before the first piece is an error like any other: it raises.
    """
    task, first, pieces = await begun_by(begin, leaves, access)
    sent = Chunk(id=id_of(id), created=seconds_of(id), model=model)
    parts = _parts(sent, task, first, pieces, usage)
    return GuardedStream(parts, access, last_word=lambda why: _event({"error": told(why, ROUTE)}))


async def _parts(
    sent: Chunk,
    task: asyncio.Task[ChatGiven],
    piece: Piece | None,
    pieces: Pieces,
    usage: bool,
) -> AsyncGenerator[bytes, None]:
    try:
        begun = set[int]()
        while piece is not None:
            choice = _choice(piece)
            if choice.index not in begun:
                begun.add(choice.index)
                yield _event(msgspec.structs.replace(sent, choices=(_begin(choice.index),)))
            yield _event(msgspec.structs.replace(sent, choices=(choice,)))
            piece = await pieces.get()
        try:
            given = await task
        except Exception as error:  # noqa: BLE001  # the head is out: whatever it is goes out as an event, and a bug into the log
            yield _event({"error": told(error, ROUTE)})
            return
        extra = extra_of(given)
        last = msgspec.structs.replace(sent, model=named(extra), retrace=extra)
        for number, each in enumerate(given.choices):
            if number not in begun:
                yield _event(msgspec.structs.replace(sent, choices=(_begin(number),)))
            finish = FINISHES.get(each.finish, "stop")
            ended = ChunkChoice(index=number, delta=Delta(), finish_reason=finish)
            yield _event(msgspec.structs.replace(last, choices=(ended,)))
        if usage:
            used = usage_of(given.usage)
            yield _event(msgspec.structs.replace(last, usage=used))
        yield DONE
    finally:
        task.cancel()  # where the client has gone; else it has ended


def _begin(number: int) -> ChunkChoice:
    return ChunkChoice(index=number, delta=Delta(role="assistant"))


def _choice(piece: Piece) -> ChunkChoice:
    if isinstance(piece, str):
        return ChunkChoice(delta=Delta(content=piece))
    if isinstance(piece, ToolCallPiece):
        return ChunkChoice(delta=_called(piece))
    delta = Delta(content=piece.text) if piece.call is None else _called(piece.call)
    return ChunkChoice(index=piece.choice, delta=delta, logprobs=logprobs_out(piece.logprobs))


def _called(piece: ToolCallPiece) -> Delta:
    begins = piece.id is not None
    function = FunctionPiece(name=piece.name, arguments=piece.arguments)
    call = CallPiece(index=piece.index, id=piece.id, type="function" if begins else None, function=function)
    return Delta(tool_calls=(call,))


def _event(data: Any) -> bytes:
    return b"data: %s\n\n" % to_json(data)
