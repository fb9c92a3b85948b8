"""Authentication and authorization: the first that a request passes, before any of its body is read and before any kept result.

Nothing of what is refused here is kept, and nobody without the scope learns what others have asked.
"""

from __future__ import annotations

import re
from typing import Any

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import allow, caller_of
from interfaces.http.base.gate import is_api, is_console, is_for_operators
from interfaces.http.base.position import asked
from interfaces.http.base.session.cookies import session_caller
from interfaces.http.base.session.forgery import check_origin

_HOST = re.compile(rb"[A-Za-z0-9.-]+(?::[0-9]+)?")
"""As nearly all have it: a name or an address, and a port. Anything else is taken apart, which takes longer."""


def _is_plain(scope: Scope) -> bool:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return len(hosts) == 1 and _HOST.fullmatch(hosts[0]) is not None and scope["query_string"].isascii()


class Admitted(ASGIMiddleware):
    """A sound address; below /v1 key, scope, and the position that the request asks for; below /console session and scope."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        if not _is_plain(scope):
            try:
                _ = request.url.netloc
            except ValueError:
                raise Invalid("the Host header names no host") from None
        handler = request.route_handler
        if is_api(handler) and request.method != "OPTIONS":
            guests = handler.opt.get("guests", False)
            caller = await caller_of(request, self._services, guests=guests)
            allow(caller, handler)
            if not caller.guest and (position := asked(request)) is not None:
                await self._services.store.reach(caller.about(request.path_params), position)
        elif is_console(handler):
            check_origin(request, self._services)
            scope["state"]["expected"] = None
            if is_for_operators(handler):
                allow(await session_caller(request, self._services), handler)
        await next_app(scope, receive, send)
