"""Items of a response's input as turns: messages, calls of functions, and what these have come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from domain.models.completion import Turn
from domain.models.tools import ToolCall
from interfaces.http.chat.unasked import refused

LATER = "images and files are not taken here; send texts"
TEXTS = ("input_text", "output_text", "text", "summary_text", "reasoning_text")


class PartIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of a message, or of what a function has come to. What an answer had beside its text comes back with it, and changes nothing."""

    type: Annotated[str, Meta(max_length=64)]
    text: str | None = None
    refusal: str | None = None
    annotations: Any = None
    logprobs: Any = None
    prompt_cache_breakpoint: Any = None
    image_url: Any = None
    file_id: Any = None
    file_data: Any = None
    file_url: Any = None
    filename: Any = None
    input_audio: Any = None
    detail: Any = None

    def said(self, place: str) -> str:
        """Raises Invalid."""
        if self.type == "refusal" and self.refusal is not None:
            return self.refusal
        if self.type not in TEXTS:
            raise refused(f"{place}.type", f"a part of the type {self.type} is not taken: {LATER}")
        if self.text is None:
            raise refused(f"{place}.text", "the part has no text; send one")
        return self.text


Content = str | Annotated[list[PartIn], Meta(max_length=1000)]


class ItemIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message (`type` may be left out), a `function_call`, a `function_call_output`; `reasoning` is taken, and no model is told of it."""

    type: Annotated[str, Meta(max_length=64)] | None = None
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: Content | None = None
    call_id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    name: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    arguments: str | None = None
    output: Content | None = None
    id: Any = None
    status: Any = None
    phase: Any = None
    summary: Any = None
    encrypted_content: Any = None
    namespace: Any = None
    caller: Any = None
    async_: Any = None
    asynchronous: Any = msgspec.field(name="async", default=None)
    created_by: Any = None


Input = str | Annotated[list[ItemIn], Meta(min_length=1, max_length=4096)]


def turns_of(given: Input) -> tuple[Turn, ...]:
    """Calls stand in the turn of the assistant's that asked for them. Raises Invalid, with the place."""
    if isinstance(given, str):
        return (Turn(role="user", text=given),)
    turns: list[Turn] = []
    for at, item in enumerate(given):
        place = f"input[{at}]"
        match item.type:
            case "message" | None:
                if (said := _message(item, place)) is not None:
                    turns.append(said)
            case "function_call":
                _add_call(turns, item, place)
            case "function_call_output":
                turns.append(_result(item, place))
            case "reasoning":
                pass
            case "item_reference":
                raise refused(
                    place, "items are not kept by their ids; send the item itself, or previous_response_id"
                )
            case _:
                raise refused(
                    f"{place}.type",
                    f"items of the type {item.type} are of a vendor's own tools, which are not offered here; leave it out",
                )
    return tuple(turns)


def _message(item: ItemIn, place: str) -> Turn | None:
    if item.role is None:
        raise refused(f"{place}.role", "a message has a role; send it")
    if item.content is None:
        raise refused(f"{place}.content", "the message has no text; send one")
    text = _text(item.content, f"{place}.content")
    if item.role == "assistant":
        return Turn(role="assistant", text=text) if text else None
    return Turn(role="user" if item.role == "user" else "system", text=text)


def _add_call(turns: list[Turn], item: ItemIn, place: str) -> None:
    for name in ("call_id", "name", "arguments"):
        if getattr(item, name) is None:
            raise refused(f"{place}.{name}", "a function_call has it; send it")
    call = ToolCall(id=item.call_id or "", name=item.name or "", arguments=item.arguments or "")
    if turns and turns[-1].role == "assistant":
        last = turns[-1]
        turns[-1] = msgspec.structs.replace(last, calls=(*last.calls, call))
    else:
        turns.append(Turn(role="assistant", text="", calls=(call,)))


def _result(item: ItemIn, place: str) -> Turn:
    if item.call_id is None:
        raise refused(f"{place}.call_id", "a function_call_output says which call it is of; send it")
    if item.output is None:
        raise refused(
            f"{place}.output", "what the function has come to is missing; send a text, which may be empty"
        )
    return Turn(role="tool", text=_text(item.output, f"{place}.output"), call=item.call_id)


def _text(content: Content, place: str) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.said(f"{place}[{at}]") for at, part in enumerate(content))


def check_calls(turns: Sequence[Turn]) -> None:
    """Every call is answered by an output, and no other is. Raises Invalid."""
    open_: set[str | None] = set()
    for turn in turns:
        if turn.role == "tool":
            if turn.call not in open_:
                raise refused(
                    "input", f"the function_call_output of {_short(turn.call)} has no function_call before it"
                )
            open_.discard(turn.call)
        else:
            _answered(open_)
            open_ = {call.id for call in turn.calls}
    _answered(open_)


def _answered(open_: set[str | None]) -> None:
    for id in open_:
        raise refused("input", f"no function_call_output answers the function_call {_short(id)}; send it")


def _short(text: str | None) -> str:
    return repr((text or "")[:60])
