"""OPTIONS (RFC 9110, section 9.3.7): all methods that an address takes, whichever handlers have them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from litestar import Litestar, Request, Response
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send


class Allowing(ASGIMiddleware):
    """In the place of litestar's own answer, which knows those methods alone that came before it."""

    scopes = (ScopeType.HTTP,)

    def __init__(self) -> None:
        self._methods: dict[str, str] = {}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["method"] != "OPTIONS":  # type: ignore[typeddict-item]  # of HTTP alone
            await next_app(scope, receive, send)
            return
        if not self._methods:
            self._methods = _methods(scope["litestar_app"])
        allow = self._methods.get(str(scope.get("path_template")), "OPTIONS")
        response = Response(None, status_code=204, headers={"Allow": allow})
        request: Request[Any, Any, Any] = Request(scope, receive)
        await response.to_asgi_response(app=None, request=request)(scope, receive, send)


def _methods(app: Litestar) -> dict[str, str]:
    found: dict[str, set[str]] = defaultdict(set)
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            found[route.path_format] |= set(route.methods)
    return {path: ", ".join(sorted(methods | {"OPTIONS"})) for path, methods in found.items()}
