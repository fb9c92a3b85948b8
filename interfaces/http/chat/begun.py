"""A stream that has begun: the task that makes the answer, its first piece, and where the others come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from litestar import Request

from application.gateway.attempt import Emit, EmitPiece
from application.ports import Piece
from interfaces.http.base.limits.access_watch import Access
from interfaces.http.base.presence import ClientGone, done_while_there

T = TypeVar("T")
Begin = Callable[[Emit, EmitPiece], asyncio.Task[T]]
Pieces = asyncio.Queue[Piece | None]
"""None: there are no more."""


async def begun_by(
    begin: Begin[T], leaves: Request[Any, Any, Any] | None, access: Access
) -> tuple[asyncio.Task[T], Piece | None, Pieces]:
    """The task that `begin` starts, at its first piece. What fails before that is an error like any other: it raises.

    `leaves`: whose client ends the call when it goes away before the first piece; afterwards every client does.
    """
    pieces: Pieces = asyncio.Queue()
    task = begin(pieces.put, pieces.put)
    task.add_done_callback(lambda _: pieces.put_nowait(None))
    piece = asyncio.ensure_future(pieces.get())
    try:
        if not await done_while_there(piece, leaves, access.over):
            raise ClientGone
        first = await piece
    except BaseException:
        piece.cancel()
        task.cancel()
        raise
    if first is None:
        task.result()
    return task, first, pieces
