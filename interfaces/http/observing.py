"""Around every request: its id, a log line without personal text, the counters of /metrics."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from uuid import UUID

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from infra.ids import uuid7

log = logging.getLogger("retrace.http")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds; upper bounds of the latency histogram."""


class Counters:
    """Requests by method, route and status; their latencies."""

    def __init__(self) -> None:
        self.requests: dict[tuple[str, str, int], int] = defaultdict(int)
        self.latencies = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        self.requests[method, route, status] += 1
        self.latencies[next((n for n, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))] += 1
        self.seconds += seconds


class Observer(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)

    def __init__(self, counters: Counters) -> None:
        self.counters = counters

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        method = str(scope["method"])  # type: ignore[typeddict-item]  # `scopes` lets HTTP only come here
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope["state"]["request_id"] = request_id
        status = 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableScopeHeaders.from_message(message)["X-Request-ID"] = str(request_id)
            await send(message)

        try:
            await next_app(scope, receive, observed)
        finally:
            seconds = time.perf_counter() - started
            route = str(scope.get("path_template") or "unknown")
            self.counters.add(method, route, status, seconds)
            facts = {
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
            }
            log.info("request", extra={"facts": {**facts, "request_id": str(request_id)}})


def _request_id(scope: Scope) -> UUID:
    """The caller's X-Request-ID if it is a UUID, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            try:
                return UUID(value.decode("ascii"))
            except (ValueError, UnicodeDecodeError):
                break
    return uuid7()
