"""What Gemini's API answers, read: whole answers, pieces of streams, errors. Everything may be missing or of another form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from google.genai import errors

from application.ports import ProviderError
from infra.providers.faults import LONGEST_WAIT, fault
from infra.providers.finishes import GEMINI, end
from infra.providers.gemini.logprobs import logprobs_of
from infra.providers.gemini.tools import signature_of
from infra.providers.incoming import Incoming
from infra.providers.server_events import ServerEvent


class _Part(msgspec.Struct, rename="camel"):
    text: Any = None
    thought: bool | None = None
    function_call: Any = None
    thought_signature: Any = None


class _Content(msgspec.Struct):
    parts: list[_Part | None] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: Any = None
    index: Any = None
    logprobs_result: Any = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    """An answer, or a piece of one."""

    candidates: list[_Candidate | None] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: Any = None
    model_version: Any = None
    response_id: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Answer).decode


def take(data: bytes | str, incoming: Incoming) -> str:
    """Read an answer or a piece of one; its text. Raises ProviderError for an error in it, ValueError for nonsense."""
    answer = _decode(data)
    if isinstance(answer.response_id, str) and incoming.id is None:
        incoming.id = answer.response_id
    if isinstance(answer.model_version, str) and answer.model_version and incoming.served is None:
        incoming.served = answer.model_version.removeprefix("models/")
    if isinstance(answer.usage_metadata, dict):
        incoming.use(answer.usage_metadata)
    if answer.error:
        raise _said(answer.error)
    if answer.prompt_feedback is not None and answer.prompt_feedback.block_reason:
        incoming.block()
    given = (answer.candidates or [])[: None if incoming.several else 1]
    return "".join([_take_candidate(each, incoming) for each in given if each is not None])


def _take_candidate(candidate: _Candidate, incoming: Incoming) -> str:
    into = incoming.choice(candidate.index)
    end(candidate.finish_reason, GEMINI, into)
    parts = candidate.content.parts if candidate.content else None
    for part in parts or ():
        if part is not None and isinstance(part.function_call, dict):
            _take_call(part.function_call, part.thought_signature, incoming, into.number)
    said = (part.text for part in parts or () if part is not None and not part.thought)
    text = "".join(text for text in said if isinstance(text, str))
    likely = logprobs_of(candidate.logprobs_result) if incoming.wants_logprobs else ()
    return incoming.add(text, into.number, likely) if text or likely else ""


def _take_call(call: dict[str, Any], signature: object, incoming: Incoming, choice: int) -> None:
    """Calls come whole; what the model thought before stands beside the first one."""
    id, name, args = call.get("id"), call.get("name"), call.get("args")
    incoming.add_call(
        id=id if isinstance(id, str) else None,
        name=name if isinstance(name, str) and name else None,
        arguments=msgspec.json.encode(args if isinstance(args, dict) else {}).decode(),
        signature=signature_of(incoming.model, signature),
        choice=choice,
    )


def take_event(event: ServerEvent, incoming: Incoming) -> str:
    """As `take`, of a stream's event. What can't be read once the answer is whole says nothing."""
    if event.type == b"error":
        raise _said(None)
    try:
        return take(event.data, incoming) if event.data else ""
    except (ValueError, RecursionError):
        if event.type in (b"", b"message") and not incoming.ended:
            raise
        return ""


def told(error: errors.APIError) -> ProviderError:
    """A status as one of our outcomes."""
    code = error.code if type(error.code) is int else 0
    details: Any = error.details
    if isinstance(details, list):  # as streams that are not of events begin
        details = next(iter(details), None)
    facts = details.get("error") if isinstance(details, dict) else None
    fields = getattr(error.response, "headers", None) or {}
    return _fault(code, facts, fields, f"HTTP {code}")


def _said(error: Any) -> ProviderError:
    """An error that came with status 200, as within a stream."""
    code = error.get("code") if isinstance(error, dict) else 0
    return _fault(code if type(code) is int else 0, error, {}, "the server broke off with an error")


def _fault(code: int, error: Any, fields: Mapping[str, str], detail: str) -> ProviderError:
    facts, explained = (error, True) if isinstance(error, dict) else ({}, False)
    more = facts.get("details")
    details = [each for each in more if isinstance(each, dict)] if isinstance(more, list) else []
    codes: tuple[object, ...] = (facts.get("status"),)
    if any(each.get("reason") == "API_KEY_INVALID" for each in details):
        codes = ("invalid_api_key",)
    made = fault(code, codes, str(facts.get("message")), fields, detail=detail, explained=explained)
    if made.retry_after is None:
        made.retry_after = next(filter(None, map(_delay, details)), None)
    return made


def _delay(detail: dict[str, Any]) -> float | None:
    """Seconds of a google.rpc.RetryInfo, as `7s`."""
    text = detail.get("retryDelay")
    try:
        return max(0.0, min(float(str(text).removesuffix("s")), LONGEST_WAIT)) if text else None
    except ValueError:
        return None
