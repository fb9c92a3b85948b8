"""Lists as `{items, next_cursor}`. A cursor is opaque: it says where the page before ended."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar.params import Parameter

from domain.errors import Invalid

T = TypeVar("T")
R = TypeVar("R")
Limit = Annotated[int, Parameter(ge=1, le=200, description="items of one page")]
Cursor = Annotated[str | None, Parameter(max_length=200, description="next_cursor of the page before")]


class Page(msgspec.Struct, Generic[T], frozen=True):
    items: list[T]
    next_cursor: str | None


def cursor_of(time: datetime, id: UUID) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode((time, id))).decode().rstrip("=")


def parsed(cursor: str | None) -> tuple[datetime, UUID] | None:
    """What `cursor_of` made. Raises Invalid."""
    if cursor is None:
        return None
    try:
        data = base64.b64decode(cursor + "==", altchars=b"-_", validate=True)
        return msgspec.msgpack.decode(data, type=tuple[datetime, UUID])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise Invalid("the cursor is none of ours; begin again without one") from None


def page(
    rows: Sequence[R], limit: int, shown: Callable[[R], T], place: Callable[[R], tuple[datetime, UUID]]
) -> Page[T]:
    """A page of `limit` items from `limit` + 1 rows: the row too many tells that there is more."""
    more = len(rows) > limit
    return Page([shown(row) for row in rows[:limit]], cursor_of(*place(rows[limit - 1])) if more else None)
