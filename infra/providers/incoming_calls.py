"""Calls of tools as they come in, whole or in pieces: of servers that number them, that name them by id alone, or that do neither."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from domain.models.tools import ToolCall, ToolCallPiece

MOST = 512
"""Calls of one answer; a model that asks for more does not come to an end."""


@dataclass
class _Call:
    id: str
    name: str
    arguments: list[str] = field(default_factory=list)
    signature: str | None = None


class TooManyCalls(ValueError):
    """The model asks for tools without end."""


class IncomingCalls:
    """`most`: calls that are taken; of a model that is to call one at once no more are, whatever its vendor makes of that."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._calls: list[_Call] = []
        self._numbers: dict[int, int] = {}
        """The server's number → ours."""

        self._pieces: list[ToolCallPiece] = []

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(
        self,
        *,
        number: int | None,
        id: str | None,
        name: str | None,
        arguments: str,
        signature: str | None = None,
    ) -> None:
        """A piece. Without a `number` it belongs to the call of its `id`, without both to the last one; a name that comes with another id begins a new
        one, whatever its number (some number all of them 0)."""
        at = self._place(number, id, name)
        begins = at is None
        if at is None:
            if name is None:
                return  # nothing can be called by it
            if len(self._calls) >= MOST:
                raise TooManyCalls
            at = len(self._calls)
            self._calls.append(_Call(id or f"call_{uuid4().hex[:24]}", name))
        if number is not None:
            self._numbers[number] = at
        call = self._calls[at]
        call.arguments.append(arguments)
        call.signature = call.signature or signature
        if at < self._most and (begins or arguments or signature):
            self._pieces.append(
                ToolCallPiece(
                    index=at,
                    id=call.id if begins else None,
                    name=call.name if begins else None,
                    arguments=arguments,
                    signature=signature,
                )
            )

    def _place(self, number: int | None, id: str | None, name: str | None) -> int | None:
        """Of a call that has begun."""
        by_id = next((at for at, call in enumerate(self._calls) if id and call.id == id), None)
        if by_id is not None or (id and name is not None):
            return by_id
        if number is not None:
            return self._numbers.get(number)
        return None if name is not None or not self._calls else len(self._calls) - 1

    def taken(self) -> tuple[ToolCallPiece, ...]:
        """The pieces that came since the last time."""
        pieces, self._pieces = tuple(self._pieces), []
        return pieces

    def whole(self) -> tuple[ToolCall, ...]:
        return tuple(
            ToolCall(
                id=call.id,
                name=call.name,
                arguments="".join(call.arguments).strip() or "{}",
                signature=call.signature,
            )
            for call in self._calls[: self._most]
        )
