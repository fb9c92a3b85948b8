"""Where a role without a web server tells its figures: /metrics, and /healthz, on a port of its own."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from infra.http.connection import limited
from infra.http.connections import Connections
from infra.http.limits import Limits
from infra.metrics.instruments import Instruments
from infra.metrics.watchdog import Watchdog

log = logging.getLogger("retrace.metrics")

AGAIN = 5.0
"""Seconds before a port that is taken is tried again."""
TICK = 0.25
"""Seconds between two looks at how late the event loop is."""

LIMITS = Limits(most=64)
"""For the few who ask for metrics."""

Tell = Callable[[str], Awaitable[tuple[bytes, str]]]
"""Accept → the figures and their media type."""


async def watch_loop(instruments: Instruments) -> None:
    """Measure for ever how late the event loop comes to a timer: what else it should have done meanwhile was late as well."""
    with Watchdog(instruments):
        while True:
            began = time.monotonic()
            await asyncio.sleep(TICK)
            instruments.stalled(max(0.0, time.monotonic() - began - TICK))


async def tell_metrics(host: str, port: int | None, tell: Tell) -> None:
    """Until cancelled; without a port nothing. A port that is taken is waited for: the role has more to do than to tell of it."""
    while port is not None:
        try:
            listening = socket.create_server((host, port), family=_family(host))
        except OSError as error:
            facts = {"host": host, "port": port, "reason": error.strerror}
            log.error("metrics can't be told: RETRACE_METRICS_PORT is not to be had", extra={"facts": facts})
            await asyncio.sleep(AGAIN)
            continue
        with listening:
            log.info("metrics are told", extra={"facts": {"host": host, "port": port}})
            config = uvicorn.Config(
                _application(tell),
                http=limited(Connections(LIMITS)),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
            server = _Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                await asyncio.shield(serving)
            finally:
                server.should_exit = True
                await serving
        return


class _Server(uvicorn.Server):
    """Signals are the role's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _application(tell: Tell) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path")
        if scope["type"] != "http":
            return
        if path == "/metrics":
            accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
            status, (body, media_type) = 200, await tell(accept)
        elif path == "/healthz":
            status, body, media_type = 200, b'{"status":"ok"}', "application/json"
        else:
            status, body, media_type = 404, b"there are /metrics and /healthz\n", "text/plain"
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
