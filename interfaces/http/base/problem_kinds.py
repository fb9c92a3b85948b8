"""Which problem an error is: kinds with their statuses, and what may be told of it.

A problem's `type` is /problems/KIND, relative to the deployment, which explains it under that very address.
"""

from __future__ import annotations

from application.chat.chat import ChatFailed
from application.ports import Fault, Unavailable
from domain.base.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Moved,
    NotFound,
    Refused,
    TooManyRequests,
    Unauthenticated,
)
from domain.budgets.budget import BudgetExhausted, BudgetHeld
from domain.models.completion import Outcome

TITLES: dict[str, tuple[int, str]] = {
    "invalid": (400, "The input is not of the form it must have"),
    "unauthenticated": (401, "The API key is not valid"),
    "forbidden": (403, "The caller may not do this"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "This address does not take this method"),
    "too-slow": (408, "The body came too slowly"),
    "conflict": (409, "Somebody else was first"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "This content type is not taken here"),
    "moved": (421, "The tenant has moved to another deployment"),
    "refused": (422, "A rule says no"),
    "client-gone": (499, "The client went away before its answer was there"),
    "provider-failed": (424, "No model gave an answer"),
    "too-many-requests": (429, "Too many requests"),
    "budget-exhausted": (429, "The budget does not allow this"),
    "budget-held": (429, "Calls under way hold what is left of the budget"),
    "fault": (500, "Something failed on our side"),
    "tampered": (500, "Stored data was changed"),
    "unavailable": (503, "A server that this needs does not answer"),
}
"""Kind → status and title."""

KINDS: dict[type[Exception], str] = {
    Invalid: "invalid",
    Unauthenticated: "unauthenticated",
    Forbidden: "forbidden",
    NotFound: "not-found",
    Moved: "moved",
    Conflict: "conflict",
    TooManyRequests: "too-many-requests",
    BudgetExhausted: "budget-exhausted",
    BudgetHeld: "budget-held",
    Refused: "refused",
    Unavailable: "unavailable",
    Fault: "unavailable",
}

FAILURES: dict[Outcome, str] = {
    "not_found": "not-found",
    "rate_limited": "too-many-requests",
    "context_too_long": "invalid",
    "bad_request": "invalid",
    "refused": "refused",
}
"""How the last attempt of a call ended → kind; all others are `provider-failed`."""

TEMPORARY = frozenset({"too-many-requests", "provider-failed"})
"""Kinds of failure after which another try may help, where it is known when, or the provider's limit is reached."""

CODES = {
    "budget-exhausted": "insufficient_quota",
    "budget-held": "rate_limit_exceeded",
    "not-found": "model_not_found",
    "too-many-requests": "rate_limit_exceeded",
}
"""Kind → OpenAI's code."""

STATUSES = {status: kind for kind, (status, _) in reversed(TITLES.items()) if status < 500}
SORRY = "try again; tell us the request's X-Request-ID if it stays"


def detail_of(error: Exception) -> str:
    """What is wrong, and what to do."""
    return getattr(error, "detail", "") or str(error)


def kind_of(error: Exception) -> str:
    """The kind of problem that a refusal or a fault is."""
    if isinstance(error, ChatFailed):
        return FAILURES.get(error.outcome, "provider-failed")
    return next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)


def code_of(error: Exception) -> str | None:
    """OpenAI's code for it, where there is one."""
    if isinstance(error, ChatFailed) and error.outcome == "context_too_long":
        return "context_length_exceeded"
    if isinstance(error, ChatFailed) and error.outcome == "rate_limited" and error.again is False:
        return "insufficient_quota"
    return CODES.get(kind_of(error))


def bytes_told(size: int) -> str:
    """As 262144 bytes (256 KiB)."""
    for unit, name in ((2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size} bytes ({size / unit:.4g} {name})"
    return f"{size} bytes"


def place_of(error: BaseException) -> str:
    """File and line where an error arose."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
