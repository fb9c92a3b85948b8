"""What the console shows where something is refused: the same words as everywhere, as a page; who is not signed in is sent to do so."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from application.ports import Fault
from domain.base.errors import Refusal, Unauthenticated
from interfaces.http.base.limits.served import served_by
from interfaces.http.base.problems import on_bug, on_http_error, on_refusal
from interfaces.http.base.session.cookies import session_cookie
from interfaces.http.console.page import moved, page

CONSOLE = "/console"

NOWHERE = "there is no such page; the address may have been cut off, or what it showed has another one now"


def on_unauthenticated(request: Request[Any, Any, Any], error: Unauthenticated) -> Response[Any]:
    """To the sign-in page, and the cookie of a session that is over goes."""
    services = served_by(request.scope).services
    reply = moved(services, "/console/sign-in")
    reply.cookies.append(session_cookie("", services))
    return reply


def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """As a problem would be told, with its status and its headers."""
    told = (
        on_refusal(request, error)
        if isinstance(error, (Refusal, Fault))
        else on_http_error(request, error)
        if isinstance(error, HTTPException)
        else on_bug(request, error)
    )
    problem = msgspec.json.decode(told.content)
    kept = {name: value for name, value in told.headers.items() if name in ("Retry-After", "Allow")}
    nowhere = isinstance(error, HTTPException) and error.status_code == 404
    return page(
        request,
        served_by(request.scope).services,
        "error.html",
        status=problem["status"],
        headers=kept,
        title=problem["title"],
        detail=NOWHERE if nowhere else problem["detail"],
    )


def on_unrouted(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What no handler has taken: below the console a page, elsewhere a problem."""
    path = request.scope["path"]
    if path == CONSOLE or path.startswith(f"{CONSOLE}/"):
        return on_error(request, error)
    return on_http_error(request, error)


HANDLERS: dict[int | type[Exception], Any] = {
    Unauthenticated: on_unauthenticated,
    Refusal: on_error,
    Fault: on_error,
    HTTPException: on_error,
    Exception: on_error,
}
