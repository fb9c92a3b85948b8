"""An answer of the completions API in OpenAI's form, with what Retrace knows of it in `retrace`."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from application.chat.inquiry import AGENT
from application.chat.record import ChatGiven
from domain.answers.plan import Decision
from domain.answers.split import Assignment
from domain.models.choices import Choice, Finish
from domain.models.completion import Citation, Usage
from interfaces.http.chat.likely import LogprobsOut, logprobs_out

FinishReason = Literal["stop", "length", "content_filter", "tool_calls"]
FINISHES: dict[Finish, FinishReason] = {
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
}


class Function(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    arguments: str


class CallOut(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that the model asks for; `arguments` are a JSON text as it wrote it."""

    id: str
    type: Literal["function"] = "function"
    function: Function


class Message(msgspec.Struct, frozen=True, kw_only=True):
    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: None = None
    tool_calls: tuple[CallOut, ...] | UnsetType = UNSET


class ChoiceOut(msgspec.Struct, frozen=True, kw_only=True):
    index: int = 0
    message: Message
    finish_reason: FinishReason
    logprobs: LogprobsOut | None = None


class PromptDetails(msgspec.Struct, frozen=True, kw_only=True):
    cached_tokens: int


class CompletionDetails(msgspec.Struct, frozen=True, kw_only=True):
    reasoning_tokens: int


class UsageOut(msgspec.Struct, frozen=True, kw_only=True):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails
    completion_tokens_details: CompletionDetails


class Extra(msgspec.Struct, frozen=True, kw_only=True):
    """`cost` in USD, of all attempts; `provider` and `model` are those that answered, null where the agent has declined without asking one.
    `decision`: whether the agent has answered or declined, and why; null where it was a model that was asked. `disclosure`: what the customer is to be told
    with the first answer, that a machine gives it; by the agent's `disclose_completions` it stands before the text too. `variants`: the
    arms of experiments and of a deployment that the answer is of, with their shares then. `feedback_token` gives whoever has it the right to
    rate the answer (docs/feedback.md)."""

    call: UUID
    provider: str | None
    model: str | None
    decision: Decision | None
    reason: str
    attempts: int
    cost: Decimal
    cached: bool
    citations: tuple[Citation, ...]
    disclosure: str | None
    variants: tuple[Assignment, ...]
    feedback_token: str


class ChatCompletion(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: tuple[ChoiceOut, ...]
    usage: UsageOut
    retrace: Extra


def completion_of(given: ChatGiven) -> ChatCompletion:
    extra = extra_of(given)
    return ChatCompletion(
        id=id_of(given.call),
        created=seconds_of(given.call),
        model=named(extra),
        choices=tuple(_choice_of(number, each) for number, each in enumerate(given.choices)),
        usage=usage_of(given.usage),
        retrace=extra,
    )


def _choice_of(number: int, choice: Choice) -> ChoiceOut:
    calls = tuple(
        CallOut(id=call.id, function=Function(name=call.name, arguments=call.arguments))
        for call in choice.calls
    )
    content = choice.text if choice.text or not calls else None
    return ChoiceOut(
        index=number,
        message=Message(content=content, tool_calls=calls or UNSET),
        finish_reason=FINISHES.get(choice.finish, "stop"),
        logprobs=logprobs_out(choice.logprobs),
    )


def id_of(call: UUID) -> str:
    return f"chatcmpl-{call.hex}"


def seconds_of(call: UUID) -> int:
    """When a call was asked for, in seconds since 1970: its id (UUIDv7) says it, so it stays the same whenever the call is told."""
    return (call.int >> 80) // 1000


def usage_of(usage: Usage) -> UsageOut:
    return UsageOut(
        prompt_tokens=usage.input,
        completion_tokens=usage.output,
        total_tokens=usage.input + usage.output,
        prompt_tokens_details=PromptDetails(cached_tokens=usage.cached),
        completion_tokens_details=CompletionDetails(reasoning_tokens=usage.reasoning),
    )


def named(extra: Extra) -> str:
    """What answered; `agent` where it needed no model for it."""
    return AGENT if extra.provider is None else f"{extra.provider}/{extra.model}"


def extra_of(given: ChatGiven) -> Extra:
    metered = given.metered
    last = metered.attempts[-1] if metered.attempts else None
    return Extra(
        call=given.call,
        provider=None if last is None else last.provider,
        model=None if last is None else last.served or last.model,
        decision=given.decision,
        reason=metered.routing.reason,
        attempts=len(metered.attempts),
        cost=metered.cost,
        cached=last is not None and last.cached,
        citations=given.citations,
        disclosure=given.disclosure,
        variants=metered.variants,
        feedback_token=given.feedback_token,
    )
