"""Around every request: its id, a log line without personal text, the figures of /metrics."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol
from uuid import UUID

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from application.ports import Ids, Unavailable
from domain.base.context import correlation
from interfaces.http.base.problems import REFUSED, on_refusal

log = logging.getLogger("retrace.http")
GONE = 499
"""Status where none was sent: the client had gone."""

STOPPED = Unavailable(
    "this process stops before it was done; it may have had its effect: send it again, with the same Idempotency-Key if it had one"
)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observer(Protocol):
    """Is told of every request, for the metrics."""

    def requested(self, method: str, route: str, status: int, seconds: float) -> None: ...

    def limited(self, limit: str) -> None: ...


Ended = Callable[[str, int, UUID | None], None]
"""Takes a request's route, its status, and whose it was, where that is known."""


class Tracing(Protocol):
    """Whoever traces requests."""

    def request(
        self, method: str, headers: Iterable[tuple[bytes, bytes]], id: UUID
    ) -> AbstractContextManager[Ended]:
        """Around one, whose correlation is `id`."""


UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds, by machines."""


class Observed:
    """The application with this around it; requests that find no route are seen as well.

    What is cancelled because the process stops, before its answer has begun, is answered with 503.
    """

    def __init__(
        self,
        app: ASGIApp,
        observer: Observer,
        ids: Ids,
        stopping: asyncio.Event,
        traces: Tracing | None = None,
    ) -> None:
        self._app, self._observer, self._ids, self._stopping = app, observer, ids, stopping
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope) or self._ids()
        scope.setdefault("state", {})["request_id"] = request_id
        if self._traces is None or scope["path"] in UNTRACED:
            await self._seen(scope, receive, send, request_id)
            return
        with self._traces.request(_method(scope), scope["headers"], request_id) as ended:
            status = GONE
            try:
                status = await self._seen(scope, receive, send, request_id)
            finally:
                caller = scope["state"].get("caller")
                ended(_route(scope), status, caller.counted if caller is not None else None)

    async def _seen(self, scope: Scope, receive: Receive, send: Send, request_id: UUID) -> int:
        """The status that was sent."""
        started = time.perf_counter()
        told = str(request_id)
        token = correlation.set(told)
        status = GONE

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", told.encode())]
            await send(message)

        try:
            await self._app(scope, receive, observed)
        except asyncio.CancelledError:
            if status != GONE or not self._stopping.is_set():
                raise
            reply = on_refusal(Request[Any, Any, Any](scope), STOPPED)
            headers = {
                **reply.headers,
                "Content-Type": str(reply.media_type),
                "Content-Length": str(len(reply.content)),
            }
            encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            await observed({"type": "http.response.start", "status": 503, "headers": encoded})
            await observed({"type": "http.response.body", "body": reply.content, "more_body": False})
        finally:
            seconds = time.perf_counter() - started
            route, method = _route(scope), _method(scope)
            self._observer.requested(method, route, status, seconds)
            if (limit := scope["state"].get(REFUSED)) is not None:
                self._observer.limited(str(limit))
            facts = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
            log.info("request", extra={"facts": facts})
            correlation.reset(token)
        return status


def _route(scope: Scope) -> str:
    """Never the path itself, which may hold what a stranger chose."""
    return str(scope.get("path_template") or "unknown")


def _method(scope: Scope) -> str:
    method = str(scope.get("method"))
    return method if method in METHODS else "other"


def _request_id(scope: Scope) -> UUID | None:
    """The caller's X-Request-ID, if it is a UUID, and not the one of zeros: in the log that stands for none."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            try:
                id = UUID(value.decode("ascii"))
            except ValueError:
                return None
            return id if id.int else None
    return None
