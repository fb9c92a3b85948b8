"""Vendors' errors in our words. What a server said is never passed on: it may repeat the prompt, or the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from application.ports import ProviderError
from domain.models.completion import Outcome
from infra.outgoing.client import ForbiddenAddress

NONSENSE = "the server's answer can't be read"

LONGEST_WAIT = 86_400.0
"""Seconds of a Retry-After that are believed."""

UNHEARD = frozenset({504, 524})
"""Statuses of gateways that did not wait for the server: it may go on all the same."""

_BY_STATUS: dict[int, Outcome] = {
    401: "authentication",
    402: "rate_limited",  # as a quota that is used up
    403: "authentication",
    404: "not_found",
    408: "timeout",
    429: "rate_limited",
    498: "unavailable",  # Groq has no room
    504: "timeout",
}
_BY_CODE: dict[str, Outcome] = {
    "invalid_api_key": "authentication",
    "model_not_found": "not_found",
    "model_not_available": "not_found",
    "not_found_error": "not_found",
    "context_length_exceeded": "context_too_long",
    "string_above_max_length": "context_too_long",
    "exceed_context_size_error": "context_too_long",
    "request_too_large": "context_too_long",
    "content_filter": "refused",
    "content_policy_violation": "refused",
    "moderation_blocked": "refused",
    "invalid_prompt": "refused",  # OpenAI: flagged by its usage policy
    "data_inspection_failed": "refused",  # DashScope
    "rate_limit_exceeded": "rate_limited",
    "insufficient_quota": "rate_limited",
    "server_error": "unavailable",
    "UNAUTHENTICATED": "authentication",  # Google's words
    "PERMISSION_DENIED": "authentication",
    "NOT_FOUND": "not_found",
    "RESOURCE_EXHAUSTED": "rate_limited",
    "DEADLINE_EXCEEDED": "timeout",
}
_SPENT = frozenset(
    {"insufficient_quota", "insufficient_balance", "billing_hard_limit_reached", "billing_not_active"}
)
"""Codes of a key whose money is gone: to try again soon is of no use."""

_TOO_LONG = (
    "context length",
    "context window",
    "context size",
    "maximum context",
    "number of tokens allowed",
    "request too large",
    "fewer max_tokens",
)
_NO_MODEL = ("model not found", "model does not exist", "no such model")
_FLAGGED = (
    "flagged",
    "moderation",
    "content policy",
    "content management policy",
    "usage policy",
    "exists risk",
)
"""Words of those who refuse what was asked for what it says."""


def fault(
    status: int,
    codes: tuple[object, ...] = (),
    message: str = "",
    fields: Mapping[str, str] | None = None,
    *,
    detail: str,
    explained: bool = True,
) -> ProviderError:
    """A call that failed: its HTTP status (0: none), the codes that the error names, its text, where servers name none, and its fields.

    `explained`: whether it is an error of the API. A 403 without one is a firewall's in front of it, which dislikes what was asked.
    """
    outcome = outcome_of(status, codes, message)
    if status == 403 and not explained:
        outcome = "refused"
    fields = fields or {}
    again = {"true": True, "false": False}.get(fields.get("x-should-retry", "").strip().lower())
    spent = status == 402 or any(code in _SPENT for code in codes if isinstance(code, str))
    if outcome == "rate_limited" and spent:
        again = False
    definite = status not in UNHEARD
    return ProviderError(outcome, detail, retry_after(fields), again=again, definite=definite)


def outcome_of(status: int, codes: tuple[object, ...] = (), message: str = "") -> Outcome:
    """How a call ended. What one request brings about by itself is told from what says something of the model: text that was flagged, and
    what is too large, come with statuses of other faults (403, 429)."""
    text = message.lower()
    if status == 413 or (status in (0, 400, 402, 422, 429) and any(words in text for words in _TOO_LONG)):
        return "context_too_long"
    for code in codes:
        if isinstance(code, str) and code in _BY_CODE:
            return _BY_CODE[code]
    if status in (400, 403, 422) and any(words in text for words in _FLAGGED):
        return "refused"
    if status in (0, 400, 422) and any(words in text for words in _NO_MODEL):
        return "not_found"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return "unavailable" if status == 0 or status >= 500 or status < 400 else "bad_request"


def retry_after(fields: Mapping[str, str]) -> float | None:
    """Seconds of `retry-after-ms`, or of a Retry-After, which is a number or a date; None where there is none, or nonsense."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        text = fields.get(name, "").strip()
        try:
            seconds = float(text) / unit
        except ValueError:
            if unit > 1:
                continue
            try:
                date = parsedate_to_datetime(text)
            except ValueError:
                return None
            seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        if seconds == seconds:  # NaN is no number
            return max(0.0, min(seconds, LONGEST_WAIT))
    return None


@contextmanager
def connection(seconds: float) -> Iterator[None]:
    """What goes wrong between here and the server, in our words. `seconds`: for how long there was silence, if it was that."""
    try:
        yield
    except (TimeoutError, httpx2.TimeoutException):
        raise ProviderError("timeout", f"nothing came for {seconds:g} s") from None
    except ForbiddenAddress:
        text = "the server's address lies in a private network, where none is called"
        raise ProviderError("bad_request", text) from None
    except httpx2.HTTPError:
        raise ProviderError("unavailable", "the server can't be reached, or the connection broke") from None
