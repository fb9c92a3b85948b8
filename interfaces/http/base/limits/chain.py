"""The middleware of all routes, as one chain.

Litestar makes a stack of its own for each route and method: ten small objects for each of a thousand, 7 MB in all that differ in their last
link alone. Here the links are made once, and the last one is told by the request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

ROUTE = "retrace.route"
"""Key of the scope: what comes after the chain for this request."""


def chained(*links: ASGIMiddleware) -> ASGIApp:
    """A middleware made of several, the outermost first; after the last one comes what `Chain` has told of."""
    app: ASGIApp = _to_route
    for link in reversed(links):
        app = link(app)
    return app


class Chain:
    """The middleware of a route; `first` finds the chain that is meant."""

    def __init__(self, first: Callable[[Scope], ASGIApp]) -> None:
        self._first = first

    def __call__(self, app: ASGIApp) -> ASGIApp:
        first = self._first

        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            cast("dict[str, Any]", scope)[ROUTE] = app
            await first(scope)(scope, receive, send)

        return enter


async def _to_route(scope: Scope, receive: Receive, send: Send) -> None:
    route: ASGIApp = cast("dict[str, Any]", scope)[ROUTE]
    await route(scope, receive, send)
