"""Every error as RFC 9457 problem details. `type` is stable; `detail` says what to do; no stack trace, no personal text.

A `type` is /problems/KIND, relative to the deployment, which explains it under that very address.
"""

from __future__ import annotations

import errno
import logging
import math
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, Router, get
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import FromPath

from application.chat import ChatFailed
from application.ports import Fault, Unavailable
from domain.budget import BudgetExhausted, BudgetHeld
from domain.completion import Outcome
from domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    Refused,
    TooManyRequests,
    Unauthenticated,
)
from interfaces.http.openai_error import OpenAIError, error_of, spoken
from interfaces.http.version import tag

log = logging.getLogger("retrace.http")

MEDIA_TYPE = "application/problem+json"

TITLES: dict[str, tuple[int, str]] = {
    "invalid": (400, "The input is not of the form it must have"),
    "unauthenticated": (401, "The API key is not valid"),
    "forbidden": (403, "The caller may not do this"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "This address does not take this method"),
    "conflict": (409, "Somebody else was first"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "This content type is not taken here"),
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


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The body of an error; further members may follow (RFC 9457, section 3.2)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []


def problem(
    request: Request[Any, Any, Any] | None,
    kind: str,
    detail: str,
    headers: dict[str, str] | None = None,
    status: int | None = None,
    **facts: Any,
) -> Response[bytes]:
    """A response with a problem as its body, and where a client of OpenAI's may have asked, with the error that it reads."""
    usual, title = TITLES[kind]
    if request is not None and spoken(request):
        facts["error"] = error_of(kind, detail, facts)
    status = status or usual
    body = msgspec.to_builtins(Problem(type=f"/problems/{kind}", title=title, status=status, detail=detail))
    return Response(
        msgspec.json.encode({**facts, **body}),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=headers or {},
    )


def on_refusal(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Refusals and faults, by their kind."""
    kind = kind_of(error)
    headers, facts = {}, dict(getattr(error, "facts", {}))
    if isinstance(error, (BudgetExhausted, ChatFailed)):
        headers["X-Should-Retry"] = "false"  # OpenAI's clients would; what could be tried was tried
        facts["code"] = code_of(error)
    if isinstance(error, Conflict) and isinstance(version := facts.get("version"), int):
        headers.update(tag(version))
    if isinstance(error, ChatFailed) and error.again is not False and kind in TEMPORARY:
        if error.retry_after is not None:
            headers |= {"X-Should-Retry": "true", "Retry-After": str(max(1, math.ceil(error.retry_after)))}
        elif kind == "too-many-requests":
            del headers["X-Should-Retry"]  # its clients wait for a while by themselves
    if isinstance(error, BudgetHeld):
        headers["Retry-After"] = str(error.retry_after)
        facts["code"] = code_of(error)
    if kind == "unauthenticated":
        headers["WWW-Authenticate"] = 'Bearer realm="retrace"'
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = "1"
    if kind == "unavailable":
        headers["Retry-After"] = "2"
        log.warning("%s: %s", _route(request), type(error).__name__)
    return problem(request, kind, detail_of(error), headers, **facts)


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


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What litestar refuses: unknown addresses, wrong methods, parameters that do not fit."""
    status, facts = error.status_code, {}
    if isinstance(error, InternalServerException) and "disconnected" in error.detail:
        return problem(request, "client-gone", "the request was cut off")
    if status >= 500:
        return on_bug(request, error)
    kind = STATUSES.get(status, "invalid")
    detail = error.detail
    if status == 404:
        detail = "there is nothing at this address; /schema describes what there is"
    elif isinstance(error, RequestEntityTooLarge):
        detail = too_large(request.route_handler)
    elif status == 405:
        detail = f"this address takes {(error.headers or {}).get('allow', 'other methods')}"
    elif isinstance(error, ValidationException) and isinstance(error.extra, list):
        errors = [
            {"field": str(item.get("key", "")), "message": str(item.get("message", ""))}
            for item in error.extra
            if isinstance(item, dict)
        ]
        facts["errors"] = errors
        detail = (
            "; ".join(f"{item['field']}: {item['message']}".removeprefix(": ") for item in errors) or detail
        )
    headers = {
        name.title(): value for name, value in (error.headers or {}).items() if name.lower() == "allow"
    }
    return problem(request, kind, detail, headers, status, **facts)


def told(error: Exception, route: str) -> OpenAIError:
    """What ends an answer that has begun, where no status can be sent any more. A fault of ours goes to the log, never to the client."""
    if not isinstance(error, (Fault, Refusal)):
        log.error("%s failed: %s at %s", route, type(error).__name__, place_of(error))
        return error_of("fault", SORRY, {})
    return error_of(kind_of(error), detail_of(error), {"code": code_of(error), **getattr(error, "facts", {})})


def too_large(handler: BaseRouteHandler) -> str:
    """How large a body may be."""
    assert isinstance(handler, HTTPRouteHandler)
    return f"the body may have at most {handler.resolve_request_max_body_size()} bytes here; send less"


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Anything else is our fault. The log gets the kind and the place of the error, never its text."""
    log.error("%s failed: %s at %s", _route(request), type(error).__name__, place_of(error))
    return problem(request, "fault", SORRY)


def on_os_error(request: Request[Any, Any, Any], error: OSError) -> Response[bytes]:
    """As where a large upload finds no room for its temporary file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return on_refusal(
            request, Unavailable("a disk is full, so nothing was saved; try again once there is room")
        )
    return on_bug(request, error)


def on_tampered(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Stored data does not open: somebody changed it, or the master key is another one."""
    log.critical("%s: stored data was changed, at %s", _route(request), place_of(error))
    return problem(
        request, "tampered", "data that this needs was changed behind our back; nothing of it is shown"
    )


def place_of(error: BaseException) -> str:
    """File and line where an error arose."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"


def _route(request: Request[Any, Any, Any]) -> str:
    return f"{request.method} {request.scope.get('path_template', '?')}"


@get("/problems/{kind:str}", media_type=MediaType.TEXT)
async def explain(kind: FromPath[str]) -> str:
    """What a problem's `type` means."""
    if kind not in TITLES:
        raise NotFound(f"there is no kind of problem {kind[:40]!r}; known are {', '.join(TITLES)}")
    status, title = TITLES[kind]
    return f"{kind} ({status}): {title}. The problem's `detail` says what to do.\n"


ROUTER = Router("/", route_handlers=[explain], tags=["problems"])

HANDLERS: dict[Any, Any] = {
    Refusal: on_refusal,
    Fault: on_refusal,
    HTTPException: on_http_error,
    OSError: on_os_error,
    Exception: on_bug,
}
