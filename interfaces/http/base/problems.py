"""What answers each error: RFC 9457 problem details. `type` is stable; `detail` says what to do; no stack trace, no personal text."""

from __future__ import annotations

import errno
import logging
import math
from typing import Any

from litestar import MediaType, Request, Response, Router, get
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import FromPath

from application.chat.chat import ChatFailed
from application.ports import Fault, Unavailable
from domain.base.errors import Conflict, NotFound, Refusal, TooManyRequests
from domain.base.patterns import in_words
from domain.base.wanted import with_what_is_wanted
from domain.budgets.budget import BudgetExhausted, BudgetHeld
from interfaces.http.base.openai_error import OpenAIError, error_of
from interfaces.http.base.problem import problem
from interfaces.http.base.problem_kinds import (
    SORRY,
    STATUSES,
    TEMPORARY,
    TITLES,
    bytes_told,
    code_of,
    detail_of,
    kind_of,
    place_of,
)
from interfaces.http.base.version import tag

log = logging.getLogger("retrace.http")

REFUSED, AT_ONCE = "refused", "at_once"
"""In the state of a request: by which limit it was refused, for the metrics; and those of how much may go on at once."""


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
        headers["Retry-After"] = str(facts.get("retry_after", 1))
        facts["code"] = code_of(error)
        request.scope["state"][REFUSED] = facts.get("limit", AT_ONCE)
    if kind == "unavailable":
        headers["Retry-After"] = "2"
        log.warning("%s: %s", _route(request), type(error).__name__)
    return problem(request, kind, detail_of(error), headers, **facts)


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
            {
                "field": _sent_as(str(item.get("key", "")), request),
                "message": _worded(item, request),
            }
            for item in error.extra
            if isinstance(item, dict)
        ]
        facts["errors"] = errors
        detail = (
            "; ".join(f"{item['field']}: {item['message']}".removeprefix(": ") for item in errors) or detail
        )
    headers = {
        name.title(): value
        for name, value in (error.headers or {}).items()
        if name.lower() in ("allow", "connection")
    }
    return problem(request, kind, detail, headers, status, **facts)


def _worded(item: dict[str, Any], request: Request[Any, Any, Any]) -> str:
    """msgspec's error of a parameter, with what it could be."""
    message = in_words(str(item.get("message", "")))
    known = request.route_handler.parsed_fn_signature.parameters.get(str(item.get("key", "")))
    return message if known is None else with_what_is_wanted(known.raw, message, "$")


def _sent_as(key: str, request: Request[Any, Any, Any]) -> str:
    """The name that a parameter has in the request, where the handler calls it otherwise."""
    parameters = request.route_handler.parsed_fn_signature.parameters
    named = parameters[key].kwarg_definition if key in parameters else None
    return getattr(named, "name", None) or key


def told(error: Exception, route: str) -> OpenAIError:
    """What ends an answer that has begun, where no status can be sent any more. A fault of ours goes to the log, never to the client."""
    if not isinstance(error, (Fault, Refusal)):
        log.error("%s failed: %s at %s", route, type(error).__name__, place_of(error))
        return error_of("fault", SORRY, {})
    return error_of(kind_of(error), detail_of(error), {"code": code_of(error), **getattr(error, "facts", {})})


def too_large(handler: BaseRouteHandler) -> str:
    """How large a body may be."""
    assert isinstance(handler, HTTPRouteHandler)
    most = handler.resolve_request_max_body_size()
    assert isinstance(most, int)
    return f"the body may have at most {bytes_told(most)} here; send less"


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
