"""Lists as `{items, next_cursor}`. A cursor is opaque: it says where the page before ended, and in which list."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from domain.base.errors import Invalid
from interfaces.bootstrap import Services

T = TypeVar("T")
R = TypeVar("R")
P = TypeVar("P")
Limit = Annotated[int, QueryParameter(ge=1, le=200, description="Items of one page.")]
Cursor = Annotated[
    str | None, QueryParameter(max_length=300, description="`next_cursor` of the page before.")
]


class Place(NamedTuple):
    """Where a list that is ordered by time goes on."""

    at: datetime
    id: UUID


class Page(msgspec.Struct, Generic[T], frozen=True):
    """`next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None


class Pager(Generic[P]):
    """Cursors of one list: of its tenant, its name and its filters. They carry a MAC: those of other lists are refused."""

    def __init__(self, services: Services, tenant: UUID, kind: type[P], name: str, *filters: object) -> None:
        self._services, self._tenant, self._kind = services, tenant, kind
        self._list = (name, *(str(value) for value in filters))

    async def place(self, cursor: str | None) -> P | None:
        """Where the page before ended. Raises Invalid."""
        if cursor is None:
            return None
        try:
            data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            if data[:8] == await self._mac(data[8:]):
                return msgspec.msgpack.decode(data[8:], type=self._kind)
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            pass
        raise Invalid("the cursor is none of this list's; begin again without one")

    async def page(
        self, rows: Sequence[R], limit: int, shown: Callable[[R], T], place: Callable[[R], P]
    ) -> Page[T]:
        """A page of `limit` items from `limit` + 1 rows: the row too many tells that there is more."""
        more = len(rows) > limit
        return Page(
            [shown(row) for row in rows[:limit]],
            await self.cursor(place(rows[limit - 1])) if more else None,
        )

    async def cursor(self, place: P) -> str:
        """For the page that begins after a place."""
        data = msgspec.msgpack.encode(place)
        return base64.urlsafe_b64encode(await self._mac(data) + data).decode().rstrip("=")

    async def _mac(self, data: bytes) -> bytes:
        """Under a key of the tenant's; names the list."""
        parts: tuple[Any, ...] = ("cursor", *self._list, data.hex())
        return (await self._services.keyring.identify(self._tenant, *parts)).bytes[:8]
