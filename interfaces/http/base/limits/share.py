"""How many requests of one tenant are under way at once in a process: no more than leave room for others."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from domain.base.errors import TooManyRequests
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.gate import without_key


class Shared(ASGIMiddleware):
    """Half of the process's connections for each tenant, and for all who come without a key; the operator's are not counted."""

    scopes = (ScopeType.HTTP,)
    should_bypass_for_scope = staticmethod(without_key)

    def __init__(self, connections: int) -> None:
        self._most = connections // 2
        self._under_way = Counter[UUID]()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        tenant = caller_in(Request[Any, Any, Any](scope, receive)).counted
        if tenant is None:
            await next_app(scope, receive, send)
            return
        if self._under_way[tenant] >= self._most:
            raise TooManyRequests(
                f"{self._under_way[tenant]} requests of this tenant's are under way here, as many as may be; wait for some of them first"
            )
        self._under_way[tenant] += 1
        try:
            await next_app(scope, receive, send)
        finally:
            self._under_way[tenant] -= 1
            if not self._under_way[tenant]:
                del self._under_way[tenant]
