"""Several calls of one request, as the older completions API has them: a prompt each, each on record by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from application.base.tasks import cancel_and_wait
from application.chat.chat import chat
from application.chat.ports import Ports
from application.chat.record import Chat, ChatGiven
from application.gateway.attempt import Emit, EmitPiece
from domain.base.context import Context
from domain.models.choices import ChoicePiece
from domain.models.tools import ToolCallPiece

AT_ONCE = 4
"""Of one request's calls: others are to have room beside them."""


async def chat_each(
    commands: Sequence[Chat], context: Context, ports: Ports, emit: EmitPiece | None = None
) -> tuple[ChatGiven, ...]:
    """What `chat` gives for each, in order. `emit` takes pieces of all, each of a choice whose number counts through: those of the first call come first.

    Where one fails the others are ended; all are on record and paid for. Raises as `chat` does.
    """
    room = asyncio.Semaphore(AT_ONCE)
    firsts = [sum(each.choices for each in commands[:at]) for at in range(len(commands))]

    async def one(command: Chat, first: int) -> ChatGiven:
        async with room:
            if emit is None:
                return await chat(command, context, ports)
            return await chat(command, context, ports, *_counted_on(emit, first))

    tasks = [asyncio.create_task(one(each, first)) for each, first in zip(commands, firsts, strict=True)]
    try:
        return tuple(await asyncio.gather(*tasks))
    except BaseException as error:
        try:
            await cancel_and_wait(*tasks)
        except Exception:  # noqa: BLE001  # the first failure is the one that is told; each is on record
            raise error from None
        raise


def _counted_on(emit: EmitPiece, first: int) -> tuple[Emit, EmitPiece]:
    async def say(text: str) -> None:
        await emit(ChoicePiece(choice=first, text=text))

    async def tell(piece: ToolCallPiece | ChoicePiece) -> None:
        if isinstance(piece, ChoicePiece):
            await emit(replace(piece, choice=first + piece.choice))

    return say, tell
