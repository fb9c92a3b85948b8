"""Items of a response's input as turns: messages, calls of functions, and what these have come to."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.models.attachment import Attachment
from domain.models.completion import Turn
from domain.models.tools import ToolCall
from interfaces.http.chat.part_forms import Detail, Given, file_at, file_with, image_at
from interfaces.http.chat.parted import parted
from interfaces.http.chat.unasked import refused

TEXTS = ("input_text", "output_text", "text", "summary_text", "reasoning_text")


class PartIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of a message, or of what a function has come to. What an answer had beside its text comes back with it, and changes nothing."""

    type: Annotated[str, Meta(max_length=64)]
    text: str | None = None
    refusal: str | None = None
    annotations: Any = None
    logprobs: Any = None
    prompt_cache_breakpoint: Any = None
    image_url: Annotated[str, Meta(min_length=1)] | None = None
    file_id: str | None = None
    file_data: str | None = None
    file_url: Annotated[str, Meta(min_length=1)] | None = None
    filename: Annotated[str, Meta(max_length=256)] | None = None
    input_audio: Any = None
    detail: Literal["auto", "low", "high", "original"] | None = None

    def given(self, at: int, place: str) -> Given | None:
        """The image or file, which stands behind `at` characters of the text; None: it is none. Raises Invalid."""
        if self.type not in ("input_image", "input_file"):
            return None
        if self.file_id:
            text = "there are no uploaded files here; send the content as a data URL, or its address"
            raise refused(f"{place}.file_id", text)
        if self.type == "input_image" and self.image_url:
            return image_at(self.image_url, at, f"{place}.image_url", self._detail)
        if self.type == "input_file" and self.file_data:
            return file_with(self.file_data, at, f"{place}.file_data", self.filename)
        if self.type == "input_file" and self.file_url:
            return file_at(self.file_url, at, f"{place}.file_url", self.filename)
        where = "image_url" if self.type == "input_image" else "file_data or file_url"
        raise refused(place, f"the part has no content; send it as {where}")

    @property
    def _detail(self) -> Detail | None:
        """`original` is of this API alone."""
        return "high" if self.detail == "original" else self.detail

    def said(self, place: str) -> str:
        """Raises Invalid."""
        if self.type == "refusal" and self.refusal is not None:
            return self.refusal
        if self.type not in TEXTS:
            text = f"a part of the type {self.type} is not taken here; send texts, and input_image or input_file in a user's message or a function's output"
            raise refused(f"{place}.type", text)
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


def turns_of(given: Input, contents: dict[UUID, bytes]) -> tuple[Turn, ...]:
    """Calls stand in the turn of the assistant's that asked for them. `contents` takes those of images and files. Raises Invalid, with the place."""
    if isinstance(given, str):
        return (Turn(role="user", text=given),)
    turns: list[Turn] = []
    for at, item in enumerate(given):
        place = f"input[{at}]"
        match item.type:
            case "message" | None:
                if (said := _message(item, place, contents)) is not None:
                    turns.append(said)
            case "function_call":
                _add_call(turns, item, place)
            case "function_call_output":
                turns.append(_result(item, place, contents))
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


def _message(item: ItemIn, place: str, contents: dict[UUID, bytes]) -> Turn | None:
    if item.role is None:
        raise refused(f"{place}.role", "a message has a role; send it")
    if item.content is None:
        raise refused(f"{place}.content", "the message has no text; send one")
    if item.role == "user":
        text, found = _parted(item.content, f"{place}.content", contents)
        return Turn(role="user", text=text, attachments=found)
    text = _text(item.content, f"{place}.content")
    if item.role == "assistant":
        return Turn(role="assistant", text=text) if text else None
    return Turn(role="system", text=text)


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


def _result(item: ItemIn, place: str, contents: dict[UUID, bytes]) -> Turn:
    if item.call_id is None:
        raise refused(f"{place}.call_id", "a function_call_output says which call it is of; send it")
    if item.output is None:
        raise refused(
            f"{place}.output", "what the function has come to is missing; send a text, which may be empty"
        )
    text, found = _parted(item.output, f"{place}.output", contents)
    return Turn(role="tool", text=text, call=item.call_id, attachments=found)


def _text(content: Content, place: str) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.said(f"{place}[{at}]") for at, part in enumerate(content))


def _parted(content: Content, place: str, contents: dict[UUID, bytes]) -> tuple[str, tuple[Attachment, ...]]:
    return (content, ()) if isinstance(content, str) else parted(content, place, contents)
