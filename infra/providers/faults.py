"""Vendors' errors in our words. What a server said is never passed on: it may repeat the prompt, or the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from application.ports import ProviderError
from domain.completion import Outcome
from infra.outgoing import ForbiddenAddress

NONSENSE = "the server's answer can't be read"

LONGEST_WAIT = 60.0
"""Seconds of a Retry-After that are believed."""

_BY_STATUS: dict[int, Outcome] = {
    401: "authentication",
    403: "authentication",
    404: "not_found",
    408: "timeout",
    413: "context_too_long",
    429: "rate_limited",
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
    "content_filter": "refused",
    "content_policy_violation": "refused",
    "rate_limit_exceeded": "rate_limited",
    "insufficient_quota": "rate_limited",
    "server_error": "unavailable",
}
_TOO_LONG = (
    "context length",
    "context window",
    "context size",
    "maximum context",
    "number of tokens allowed",
)
_NO_MODEL = ("model not found", "model does not exist", "no such model")


def outcome_of(status: int, codes: tuple[object, ...] = (), message: str = "") -> Outcome:
    """How a call ended, by its HTTP status (0: none), the codes that the error names, and, where servers name none, by its text."""
    for code in codes:
        if isinstance(code, str) and code in _BY_CODE:
            return _BY_CODE[code]
    if status in (0, 400, 422):
        text = message.lower()
        if any(words in text for words in _TOO_LONG):
            return "context_too_long"
        if any(words in text for words in _NO_MODEL):
            return "not_found"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return "unavailable" if status == 0 or status >= 500 or status < 400 else "bad_request"


def retry_after(fields: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After, which is a number or a date; None where there is none, or nonsense."""
    text = fields.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, min(seconds, LONGEST_WAIT)) if seconds == seconds else None  # NaN is no number


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
