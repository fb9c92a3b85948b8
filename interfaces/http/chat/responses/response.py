"""A response in OpenAI's form, with what Retrace knows of it in `retrace`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from application.chat.record import Chat, ChatGiven
from application.chat.responses import KeptResponse
from domain.chat.response import ResponseFacts
from domain.models.answer_format import AnswerFormat
from domain.models.completion import Finish, Usage
from domain.models.tools import Tool, ToolChoice
from interfaces.http.chat.answer import CompletionDetails, Extra, extra_of, named, seconds_of
from interfaces.http.chat.responses.output import Item, output_of

ResponseStatus = Literal["in_progress", "completed", "incomplete", "failed"]
INCOMPLETE: dict[Finish, str] = {"length": "max_output_tokens", "content_filter": "content_filter"}


class InputDetails(msgspec.Struct, frozen=True, kw_only=True):
    cached_tokens: int
    cache_write_tokens: int


class ResponseUsage(msgspec.Struct, frozen=True, kw_only=True):
    input_tokens: int
    input_tokens_details: InputDetails
    output_tokens: int
    output_tokens_details: CompletionDetails
    total_tokens: int


class Incomplete(msgspec.Struct, frozen=True, kw_only=True):
    reason: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str


class ReasoningOut(msgspec.Struct, frozen=True, kw_only=True):
    effort: str | None
    summary: None = None


class FunctionOut(msgspec.Struct, frozen=True, kw_only=True):
    type: Literal["function"] = "function"
    name: str
    description: str | None
    parameters: dict[str, Any] | None
    strict: bool


class ResponseOut(msgspec.Struct, frozen=True, kw_only=True):
    """`retrace` is null while it is being made, and of one that is read again."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    status: ResponseStatus
    completed_at: int | None = None
    background: Literal[False] = False
    error: Failure | None = None
    incomplete_details: Incomplete | None = None
    instructions: str | None
    max_output_tokens: int | None
    metadata: dict[str, str]
    model: str
    output: tuple[Item, ...] = ()
    parallel_tool_calls: bool
    previous_response_id: str | None
    reasoning: ReasoningOut
    service_tier: Literal["default"] = "default"
    store: bool
    temperature: float | None
    text: dict[str, Any]
    tool_choice: str | dict[str, Any]
    tools: tuple[FunctionOut, ...]
    top_p: Any
    truncation: Literal["disabled"] = "disabled"
    usage: ResponseUsage | None = None
    user: str | None
    retrace: Extra | None = None


class ResponseDeletedOut(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    object: Literal["response"] = "response"
    deleted: Literal[True] = True


def begun_of(command: Chat) -> ResponseOut:
    """While it is being made."""
    assert command.response is not None
    options = command.options
    return ResponseOut(
        id=id_of(command.id),
        created_at=seconds_of(command.id),
        status="in_progress",
        instructions=command.messages[0].text if command.response.instructed else None,
        max_output_tokens=command.max_tokens,
        metadata=command.response.metadata,
        model=command.model,
        parallel_tool_calls=command.parallel_tool_calls is not False,
        previous_response_id=_previous(command.response),
        reasoning=ReasoningOut(effort=_text(options.get("reasoning_effort"))),
        store=command.response.stored,
        temperature=command.temperature,
        text={"format": _format(command.answer_format), "verbosity": options.get("verbosity", "medium")},
        tool_choice=_choice(command.tool_choice),
        tools=tuple(map(_function, command.tools)),
        top_p=options.get("top_p"),
        user=command.user,
    )


def response_of(begun: ResponseOut, given: ChatGiven, output: tuple[Item, ...] = ()) -> ResponseOut:
    """`output`: as it was streamed."""
    extra = extra_of(given)
    ended = _ended(begun, given.finish, named(extra), given.usage, given.metered.timestamp)
    return msgspec.structs.replace(
        ended,
        output=output
        or output_of(
            given.call,
            given.content,
            given.calls,
            given.citations,
            whole=ended.status == "completed",
            logprobs=given.logprobs,
        ),
        retrace=extra,
    )


def failed_of(begun: ResponseOut, code: str, message: str) -> ResponseOut:
    return msgspec.structs.replace(begun, status="failed", error=Failure(code=code, message=message))


def kept_of(kept: KeptResponse) -> ResponseOut:
    """As it is on record."""
    requested = kept.requested
    command = Chat(
        id=kept.call,
        model=requested.model,
        messages=requested.messages,
        tools=requested.tools,
        tool_choice=requested.tool_choice,
        parallel_tool_calls=requested.parallel_tool_calls,
        answer_format=requested.answer_format,
        max_tokens=requested.max_tokens,
        temperature=requested.temperature,
        options=requested.options or {},
        user=requested.user,
        response=kept.facts,
    )
    begun, answered = begun_of(command), kept.answered
    if answered is None:
        assert kept.ended is not None
        failed = failed_of(begun, "server_error", kept.ended.reason)
        output = output_of(kept.call, kept.ended.text, kept.ended.calls, (), whole=False)
        return msgspec.structs.replace(failed, output=output)
    last = kept.metered.attempts[-1] if kept.metered.attempts else None
    model = begun.model if last is None else f"{last.provider}/{last.served or last.model}"
    usage = None if last is None or last.cached else last.usage
    ended = _ended(begun, answered.finish, model, usage, kept.at)
    whole = ended.status == "completed"
    output = output_of(
        kept.call,
        answered.text,
        answered.calls,
        answered.citations,
        whole=whole,
        logprobs=answered.logprobs,
    )
    return msgspec.structs.replace(ended, output=output)


def id_of(call: UUID) -> str:
    return f"resp_{call.hex}"


def _ended(begun: ResponseOut, finish: Finish, model: str, usage: Usage | None, at: datetime) -> ResponseOut:
    reason = INCOMPLETE.get(finish)
    return msgspec.structs.replace(
        begun,
        status="completed" if reason is None else "incomplete",
        completed_at=int(at.timestamp()) if reason is None else None,
        incomplete_details=None if reason is None else Incomplete(reason=reason),
        model=model,
        usage=None if usage is None else _usage(usage),
    )


def _usage(usage: Usage) -> ResponseUsage:
    return ResponseUsage(
        input_tokens=usage.input,
        input_tokens_details=InputDetails(cached_tokens=usage.cached, cache_write_tokens=usage.written),
        output_tokens=usage.output,
        output_tokens_details=CompletionDetails(reasoning_tokens=usage.reasoning),
        total_tokens=usage.input + usage.output,
    )


def _previous(facts: ResponseFacts) -> str | None:
    return None if facts.previous is None else id_of(facts.previous)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _format(form: AnswerFormat | None) -> dict[str, Any]:
    if form is None:
        return {"type": "text"}
    if form.schema is None:
        return {"type": form.type}
    facts = {"name": form.name, "description": form.description, "strict": form.strict}
    return {"type": form.type, "schema": msgspec.json.decode(form.schema), **facts}


def _choice(choice: ToolChoice | None) -> str | dict[str, Any]:
    if choice is None:
        return "auto"
    if choice.mode == "required" and len(choice.names) == 1:
        return {"type": "function", "name": choice.names[0]}
    if choice.names:
        tools = [{"type": "function", "name": name} for name in choice.names]
        return {"type": "allowed_tools", "mode": choice.mode, "tools": tools}
    return choice.mode


def _function(tool: Tool) -> FunctionOut:
    parameters = None if tool.parameters is None else msgspec.json.decode(tool.parameters)
    return FunctionOut(
        name=tool.name, description=tool.description, parameters=parameters, strict=bool(tool.strict)
    )
