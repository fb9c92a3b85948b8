"""Every error as RFC 9457 problem details. `type` is stable; `detail` says what to do; no stack trace, no personal text."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from application.ports import Fault, ProviderError, Unavailable
from domain.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Refused, Unauthenticated
from infra.crypto.keyring import Tampered

log = logging.getLogger("retrace.http")

MEDIA_TYPE = "application/problem+json"

KINDS: dict[type[Exception], tuple[int, str, str]] = {
    Invalid: (400, "invalid", "The input is not of the form it must have"),
    Unauthenticated: (401, "unauthenticated", "The API key is not valid"),
    Forbidden: (403, "forbidden", "The caller may not do this"),
    NotFound: (404, "not-found", "There is no such thing"),
    Conflict: (409, "conflict", "Somebody else was first"),
    Refused: (422, "refused", "A rule says no"),
    ProviderError: (503, "unavailable", "A provider does not answer"),
    Unavailable: (503, "unavailable", "A server that this needs does not answer"),
    Tampered: (500, "tampered", "Stored data was changed"),
}

STATUSES: dict[int, tuple[str, str]] = {
    400: ("invalid", "The input is not of the form it must have"),
    401: ("unauthenticated", "The API key is not valid"),
    403: ("forbidden", "The caller may not do this"),
    404: ("not-found", "There is no such thing"),
    405: ("method-not-allowed", "This address does not take this method"),
    413: ("too-large", "The body is too large"),
    415: ("unsupported-media-type", "This content type is not taken here"),
    429: ("too-many-requests", "Too many requests"),
}


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The body of an error; further members may follow (RFC 9457, section 3.2)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[dict[str, Any]] = []


def problem(
    status: int, kind: str, title: str, detail: str, headers: dict[str, str] | None = None, **facts: Any
) -> Response[bytes]:
    """A response with a problem as its body. `kind` becomes the `type` /problems/KIND."""
    body = msgspec.to_builtins(Problem(type=f"/problems/{kind}", title=title, status=status, detail=detail))
    return Response(
        msgspec.json.encode({**facts, **body}),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=headers or {},
    )


def on_refusal(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Refusals and faults, by their kind."""
    for cls in type(error).__mro__:
        if cls in KINDS:
            status, kind, title = KINDS[cls]
            break
    else:
        return on_bug(request, error)
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="retrace"'
    if status == 503:
        headers["Retry-After"] = "2"
    if status >= 500:
        log.error("%s %s: %s", request.method, request.scope.get("path_template", "?"), type(error).__name__)
    facts = {
        name: value
        for name, value in getattr(error, "facts", {}).items()
        if name not in Problem.__struct_fields__
    }
    return problem(status, kind, title, getattr(error, "detail", "") or str(error), headers, **facts)


def on_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What litestar refuses: unknown addresses, wrong methods, bodies that do not fit."""
    status = error.status_code
    if status >= 500:
        return problem(500, "fault", "Something failed on our side", "try again; tell us if it stays")
    kind, title = STATUSES.get(status, ("refused", "The request was refused"))
    detail = error.detail or title
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    extra = error.extra if isinstance(error, ValidationException) and isinstance(error.extra, list) else None
    if extra:
        errors = [
            {"field": item.get("key", ""), "message": item.get("message", "")}
            for item in extra
            if isinstance(item, dict)
        ]
        detail = (
            "; ".join(f"{e['field']}: {e['message']}" if e["field"] else e["message"] for e in errors)
            or detail
        )
        return problem(status, kind, title, detail, headers, errors=errors)
    return problem(status, kind, title, detail, headers)


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Anything else is our fault. The log gets the kind and the place of the error, never its text."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    log.error(
        "%s %s failed: %s at %s",
        request.method,
        request.scope.get("path_template", "?"),
        type(error).__name__,
        where,
    )
    return problem(500, "fault", "Something failed on our side", "try again; tell us if it stays")


HANDLERS: dict[Any, Any] = {
    Refusal: on_refusal,
    Fault: on_refusal,
    Tampered: on_refusal,
    HTTPException: on_http_error,
    Exception: on_bug,
}
