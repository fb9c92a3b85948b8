"""How slowly a body may come: in each so many seconds of waiting for it so many bytes, or the request is 408."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from application.base.repeated import Repeated

log = logging.getLogger("retrace.http")

BODIES = frozenset({b"content-length", b"transfer-encoding"})
"""Headers of a request with a body."""


class TooSlow(HTTPException):
    """It is answered, and its connection closed: what of the body still comes is nobody's."""

    status_code = 408
    detail = "the body of the request came too slowly; send it again, faster"


class Paced(ASGIMiddleware):
    """`silence`: seconds of waiting in which `rate` bytes for each of them must come."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, silence: float, rate: int) -> None:
        self._silence, self._least = silence, int(rate * silence)
        self._told = Repeated(log)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if any(name in BODIES for name, _ in scope["headers"]):
            receive = self._paced(receive)
        await next_app(scope, receive, send)

    def _paced(self, receive: Receive) -> Receive:
        """Only what is waited for counts: while the application does something else with what came, nobody is slow."""
        waited, came, whole = 0.0, 0, False

        async def paced() -> Any:
            nonlocal waited, came, whole
            while not whole:
                began = time.monotonic()
                try:
                    async with asyncio.timeout(self._silence - waited):
                        message = await receive()
                except TimeoutError:
                    if came < self._least:
                        self._told.warn("a request's body came too slowly", "408")
                        raise TooSlow(headers={"Connection": "close"}) from None
                    waited, came = 0.0, came - self._least
                    continue
                waited += time.monotonic() - began
                came += len(message.get("body", b""))  # type: ignore[arg-type]
                whole = not message.get("more_body", False)
                if waited >= self._silence:
                    waited, came = 0.0, max(0, came - self._least)
                return message
            return await receive()

        return paced
