"""What Gemini's API answers, read: whole answers, pieces of streams, errors. Everything may be missing or of another form."""

from __future__ import annotations

from typing import Any

import msgspec
from google.genai import errors

from application.ports import ProviderError
from domain.completion import Finish, Outcome
from infra.providers.faults import LONGEST_WAIT, outcome_of, retry_after
from infra.providers.incoming import Incoming

FILTERED = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION", "MODEL_ARMOR")
FINISHES: dict[str, Finish] = {"STOP": "stop", "MAX_TOKENS": "length"}
FINISHES |= dict.fromkeys(FILTERED, "content_filter")
BY_STATUS: dict[str, Outcome] = {
    "UNAUTHENTICATED": "authentication",
    "PERMISSION_DENIED": "authentication",
    "NOT_FOUND": "not_found",
    "RESOURCE_EXHAUSTED": "rate_limited",
    "DEADLINE_EXCEEDED": "timeout",
}


class _Part(msgspec.Struct):
    text: str | None = None
    thought: bool | None = None


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class Answer(msgspec.Struct, rename="camel"):
    """An answer, or a piece of one."""

    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: Any = None
    model_version: str | None = None
    response_id: str | None = None


decode = msgspec.json.Decoder(Answer).decode


def take(answer: Answer, incoming: Incoming) -> str:
    """Read an answer or a piece of one; its text."""
    if answer.response_id and incoming.id is None:
        incoming.id = answer.response_id
    if answer.model_version and incoming.served is None:
        incoming.served = answer.model_version.removeprefix("models/")
    if isinstance(answer.usage_metadata, dict):
        incoming.use(answer.usage_metadata)
    if answer.prompt_feedback is not None and answer.prompt_feedback.block_reason:
        incoming.finish = "content_filter"
    if not answer.candidates:
        return ""
    candidate = answer.candidates[0]
    if candidate.finish_reason:
        incoming.finish = FINISHES.get(candidate.finish_reason, "other")
    parts = candidate.content.parts if candidate.content else None
    text = "".join(part.text for part in parts or () if part.text and not part.thought)
    return incoming.add(text) if text else ""


def told(error: errors.APIError) -> ProviderError:
    """A status, which also comes within a stream, as one of our outcomes."""
    code = error.code if type(error.code) is int else 0
    facts = error.details.get("error", error.details) if isinstance(error.details, dict) else {}
    more = facts.get("details") if isinstance(facts, dict) else None
    details = [each for each in more if isinstance(each, dict)] if isinstance(more, list) else []
    if any(each.get("reason") == "API_KEY_INVALID" for each in details):
        return ProviderError("authentication", f"HTTP {code}")
    outcome = BY_STATUS.get(str(error.status)) or outcome_of(code, (), str(error.message))
    fields = getattr(error.response, "headers", None) or {}
    wait = retry_after(fields) or next(filter(None, map(_delay, details)), None)
    return ProviderError(outcome, f"HTTP {code}", wait)


def _delay(detail: dict[str, Any]) -> float | None:
    """Seconds of a google.rpc.RetryInfo, as `7s`."""
    text = detail.get("retryDelay")
    try:
        return max(0.0, min(float(str(text).removesuffix("s")), LONGEST_WAIT)) if text else None
    except ValueError:
        return None
