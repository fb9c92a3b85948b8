"""Tools (function calling): what a model may ask its caller to do, and what it asked for. Nothing is done here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace


class Tool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A function that a model may ask for. `parameters`: the JSON Schema of its arguments, as a JSON text; None: it takes none. `strict`: whether the
    vendor is to hold the arguments to it; None: as the vendor does where nothing is said."""

    name: str
    description: str | None = None
    parameters: str | None = None
    strict: bool | None = None


class ToolChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether functions may (`auto`), must (`required`) or must not (`none`) be asked for; `names`: only these of the tools, empty: all."""

    mode: Literal["auto", "none", "required"] = "auto"
    names: tuple[str, ...] = ()


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a model asked for. `arguments`: a JSON text as the model wrote it, which may be broken, or cut.

    `signature`: the vendor's own word for the thoughts behind it, which goes back to that vendor as it came (Gemini refuses the turn without it).
    """

    id: str
    name: str
    arguments: str
    signature: str | None = None


class ToolCallPiece(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of a call on its way: of the call number `index`, from 0. The first piece of a call has `id` and `name`; `arguments` follow each other."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    signature: str | None = None


def shown(text: str, calls: Sequence[ToolCall]) -> str:
    """A text with the calls beside it, as to compare answers, or to count what a model reads of them. Ids are no part of it."""
    return "\n".join(filter(None, (text, *(f"{call.name}({call.arguments})" for call in calls))))


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """The tools that a model is told, and whether it must ask for one."""

    tools: tuple[Tool, ...]
    mode: Literal["auto", "none", "required"]


def allowed(tools: tuple[Tool, ...], choice: ToolChoice | None) -> Allowed:
    """What of the tools is left by the choice, for vendors that know no choice of several by name."""
    if choice is None:
        return Allowed(tools=tools, mode="auto")
    left = tuple(tool for tool in tools if not choice.names or tool.name in choice.names)
    return Allowed(tools=left, mode=choice.mode)


def whole_calls(pieces: Iterable[ToolCallPiece]) -> tuple[ToolCall, ...]:
    """What pieces come to by now; of a call that was cut its arguments are."""
    found: dict[int, list[ToolCallPiece]] = {}
    for piece in pieces:
        found.setdefault(piece.index, []).append(piece)
    return tuple(
        ToolCall(
            id=some[0].id or "",
            name=some[0].name or "",
            arguments="".join(piece.arguments for piece in some),
            signature=next((piece.signature for piece in some if piece.signature), None),
        )
        for some in found.values()
    )


def call_pieces(calls: Sequence[ToolCall]) -> Iterator[ToolCallPiece]:
    """Whole calls as pieces: one each."""
    for index, call in enumerate(calls):
        yield ToolCallPiece(
            index=index, id=call.id, name=call.name, arguments=call.arguments, signature=call.signature
        )


def signed_piece(piece: ToolCallPiece, answer: UUID) -> ToolCallPiece:
    """A call that is signed gets an id that says which answer it is of, by which its signature is found again; at most 40 characters, as some vendors take."""
    if piece.signature is None or piece.id is None:
        return piece
    return replace(piece, id=f"call_{answer.hex}_{piece.index}")


def signed_calls(calls: Sequence[ToolCall], answer: UUID) -> tuple[ToolCall, ...]:
    """The same of whole ones."""
    return tuple(
        call if call.signature is None else replace(call, id=f"call_{answer.hex}_{index}")
        for index, call in enumerate(calls)
    )
