"""What OpenAI's API answers, read: whole answers, pieces of streams, errors. Everything may be missing or of another form."""

from __future__ import annotations

from typing import Any

import msgspec
import openai

from application.ports import ProviderError
from domain.completion import Finish
from infra.providers.faults import outcome_of, retry_after
from infra.providers.incoming import Incoming

FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",  # as Together says it
    "length": "length",
    "content_filter": "content_filter",
}


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None
    usage: Any = None  # Moonshot's streams


class _Groq(msgspec.Struct):
    usage: Any = None


class _Answer(msgspec.Struct):
    """An answer, or a piece of one."""

    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: Any = None
    x_groq: _Groq | None = None
    service_tier: str | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Answer).decode


def take(data: bytes, incoming: Incoming) -> str:
    """Read an answer or a piece of one; its text. Raises ProviderError for an error in it, ValueError for nonsense."""
    answer = _decode(data)
    if answer.error is not None:
        raise _said(answer.error)
    if answer.id and incoming.id is None:
        incoming.id = answer.id
    if answer.model and incoming.served is None:
        incoming.served = answer.model.strip("- ")  # some servers name none
    if answer.service_tier:
        incoming.tier = answer.service_tier
    for usage in (answer.usage, answer.x_groq and answer.x_groq.usage):
        if isinstance(usage, dict):
            incoming.use(usage)
    if not answer.choices:
        return ""
    choice = answer.choices[0]
    if isinstance(choice.usage, dict):
        incoming.use(choice.usage)
    message = choice.message or choice.delta or _Message()
    if choice.finish_reason and incoming.finish != "content_filter":
        incoming.finish = FINISHES.get(choice.finish_reason, "other")
    if message.refusal:
        incoming.finish = "content_filter"
    return incoming.add(message.content) if message.content else ""


def told(error: openai.APIStatusError) -> ProviderError:
    outcome = outcome_of(error.status_code, (error.code, error.type), error.message)
    return ProviderError(outcome, f"HTTP {error.status_code}", retry_after(error.response.headers))


def _said(error: Any) -> ProviderError:
    """An error that came with status 200, as within a stream."""
    facts = error if isinstance(error, dict) else {"message": error}
    code = facts.get("code")
    outcome = outcome_of(
        code if type(code) is int else 0, (code, facts.get("type")), str(facts.get("message"))
    )
    return ProviderError(outcome, "the server broke off with an error")
