"""Items of a response's output: what was said, and the functions that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from domain.models.choices import TokenLogprob
from domain.models.completion import Citation
from domain.models.tools import ToolCall
from interfaces.http.chat.likely import TokenOut, tokens_out

Status = Literal["in_progress", "completed", "incomplete"]


class FileCitation(msgspec.Struct, frozen=True, kw_only=True):
    """A passage that was cited: `file_id` is the document's id, `index` where its marker stands in the text."""

    type: Literal["file_citation"] = "file_citation"
    file_id: str
    filename: str
    index: int


class OutputText(msgspec.Struct, frozen=True, kw_only=True):
    type: Literal["output_text"] = "output_text"
    text: str
    annotations: tuple[FileCitation, ...] = ()
    logprobs: tuple[TokenOut, ...] = ()


class OutputMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="message"):
    id: str
    status: Status
    role: Literal["assistant"] = "assistant"
    content: tuple[OutputText, ...]


class FunctionCall(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="function_call"):
    """`arguments` are a JSON text as the model wrote it; `call_id` goes back with what the function has come to."""

    id: str
    call_id: str
    name: str
    arguments: str
    status: Status


Item = OutputMessage | FunctionCall


def message_of(
    call: UUID,
    number: int,
    text: str,
    status: Status,
    cited: Sequence[Citation] = (),
    logprobs: Sequence[TokenLogprob] = (),
) -> OutputMessage:
    """`number` is its place in the output."""
    places = [text.find(f"[{each.marker}]") for each in cited]
    annotations = tuple(
        FileCitation(file_id=str(each.document), filename=each.title, index=len(text) if at < 0 else at)
        for each, at in zip(cited, places, strict=True)
    )
    likely = tuple(tokens_out(logprobs))
    content = (OutputText(text=text, annotations=annotations, logprobs=likely),)
    return OutputMessage(id=f"msg_{call.hex}{number:02}", status=status, content=content)


def call_of(call: UUID, number: int, asked: ToolCall, status: Status = "completed") -> FunctionCall:
    return FunctionCall(
        id=f"fc_{call.hex}{number:02}",
        call_id=asked.id,
        name=asked.name,
        arguments=asked.arguments,
        status=status,
    )


def output_of(
    call: UUID,
    text: str,
    calls: Sequence[ToolCall],
    cited: Sequence[Citation],
    *,
    whole: bool,
    logprobs: Sequence[TokenLogprob] = (),
) -> tuple[Item, ...]:
    """The message first, where anything was said. `whole`: whether it came to its end."""
    status: Status = "completed" if whole else "incomplete"
    said = [message_of(call, 0, text, status, cited, logprobs)] if text or not calls else []
    return (*said, *(call_of(call, at, each, status) for at, each in enumerate(calls, len(said))))
