"""What OpenAI's API answers, read: whole answers, pieces of streams, errors. Everything may be missing or of another form."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec

from application.ports import ProviderError
from infra.providers.faults import fault
from infra.providers.finishes import OPENAI, end
from infra.providers.incoming import Incoming
from infra.providers.openai.calls import take_calls
from infra.providers.openai.logprobs import logprobs_of
from infra.providers.server_events import ServerEvent

SAID = frozenset({"text", "output_text", None})
"""Types of the parts of a content that are the answer; others are thoughts, references, tools."""


class _Message(msgspec.Struct):
    """What a model thinks stands in other members, and is no part of what it says."""

    content: Any = None
    refusal: Any = None
    tool_calls: Any = None
    function_call: Any = None


class _Choice(msgspec.Struct):
    message: _Message | None = None
    delta: _Message | None = None
    index: Any = None
    finish_reason: Any = None
    logprobs: Any = None
    top_logprobs: Any = None  # Together's streams
    usage: Any = None  # Moonshot's streams
    error: Any = None


class _Groq(msgspec.Struct):
    usage: Any = None
    error: Any = None


class _Answer(msgspec.Struct):
    """An answer, or a piece of one."""

    id: Any = None
    object: Any = None
    model: Any = None
    choices: list[_Choice | None] | None = None
    usage: Any = None
    x_groq: _Groq | None = None
    service_tier: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Answer).decode


def take(data: bytes, incoming: Incoming) -> str:
    """Read an answer or a piece of one; its text. Raises ProviderError for an error in it, ValueError for nonsense."""
    answer = _decode(data)
    if isinstance(answer.id, str) and answer.id and incoming.id is None:
        incoming.id = answer.id
    if isinstance(answer.model, str) and incoming.served is None:
        incoming.served = answer.model.strip("- ") or None  # some servers name none
    if isinstance(answer.service_tier, str):
        incoming.tier = answer.service_tier or incoming.tier
    groq, given = answer.x_groq or _Groq(), (answer.choices or [])[: None if incoming.several else 1]
    choices = [each for each in given if each is not None]
    for usage in (answer.usage, groq.usage, *(choice.usage for choice in choices)):
        if isinstance(usage, dict):
            incoming.use(usage)
    if error := answer.error or next((each.error for each in choices if each.error), None) or groq.error:
        raise _said(error)
    if answer.object == "error":  # as vLLM said it
        raise _said(msgspec.json.decode(data))
    return "".join([_take_choice(choice, incoming) for choice in choices])


def _take_choice(choice: _Choice, incoming: Incoming) -> str:
    into = incoming.choice(choice.index)
    end(choice.finish_reason, OPENAI, into)
    # Some repeat the whole message beside each piece.
    message = choice.delta or choice.message or _Message()
    if message.refusal:
        into.finish = "content_filter"
    if message.tool_calls or message.function_call:
        take_calls(message.tool_calls, message.function_call, incoming, into.number)
    text = _text(message.content)
    said = logprobs_of(choice.logprobs, text, choice.top_logprobs) if incoming.wants_logprobs else ()
    return incoming.add(text, into.number, said) if text or said else ""


def take_event(event: ServerEvent, incoming: Incoming) -> str:
    """As `take`, of a stream's event. What is not for us, and what can't be read once the answer is whole, says nothing."""
    if event.type == b"error":
        raise _said(_object(event.data))
    try:
        return take(event.data, incoming) if event.data else ""
    except (ValueError, RecursionError):
        if event.type in (b"", b"message") and not incoming.ended:
            raise
        return ""


def _text(content: Any) -> str:
    """A content is a text, or a list of parts; what the model says in it."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    said = (
        part.get("text") if isinstance(part, dict) and part.get("type") in SAID else part for part in parts
    )
    return "".join(text for text in said if isinstance(text, str))


def told(response: httpx2.Response) -> ProviderError:
    """Of a status that is none of success. Its body has been read."""
    body, status = _object(response.content), response.status_code
    error = body.get("error", body) if isinstance(body, dict) else body
    facts = error if isinstance(error, dict) else {}
    codes, explained = (facts.get("code"), facts.get("type")), isinstance(error, dict)
    return fault(status, codes, response.text, response.headers, detail=f"HTTP {status}", explained=explained)


def _said(error: Any) -> ProviderError:
    """An error that came with status 200, as within a stream."""
    facts = error if isinstance(error, dict) else {"message": error}
    facts = facts["error"] if isinstance(facts.get("error"), dict) else facts
    code = facts.get("code")
    status = int(code) if isinstance(code, int | str) and str(code).isdecimal() else 0
    text, codes = str(facts.get("message")), (code, facts.get("type"))
    return fault(status, codes, text, detail="the server broke off with an error")


def _object(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return None
