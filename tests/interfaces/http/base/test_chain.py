"""One chain of middleware for all routes."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, get
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.params import FromPath
from litestar.testing import TestClient
from litestar.types import ASGIApp, Receive, Scope, Send

from interfaces.http.base.limits.chain import Chain, chained

PASSED: list[str] = []


class Link(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)

    def __init__(self, name: str) -> None:
        self._name = name

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        PASSED.append(self._name)
        await next_app(scope, receive, send)


@get("/one", sync_to_thread=False)
def one() -> str:
    PASSED.append("one")
    return "one"


@get("/two/{number:int}", sync_to_thread=False)
def two(number: FromPath[int]) -> int:
    PASSED.append("two")
    return number


def test_each_route_is_reached_through_all_links_in_their_order() -> None:
    said: dict[str, Any] = {}
    first = chained(Link("outer"), Link("inner"))
    with TestClient(Litestar([one, two], middleware=[Chain(lambda scope: first)])) as client:
        for path in ("/one", "/two/2", "/two/x", "/one"):
            PASSED.clear()
            reply = client.get(path)
            said[path] = (reply.status_code, reply.text, list(PASSED))
    assert said == {
        "/one": (200, "one", ["outer", "inner", "one"]),
        "/two/2": (200, "2", ["outer", "inner", "two"]),
        "/two/x": (404, said["/two/x"][1], []),
    }
