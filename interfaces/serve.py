"""Role `retrace serve`: the HTTP interface."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import msgspec
import uvicorn
from litestar.types import ASGIApp

from domain.answers import understanding
from infra.http.connection import limited
from infra.http.connections import Connections
from infra.http.limits import Limits, room_for
from infra.metrics.server import watch_loop
from infra.settings import MAIN, Settings
from interfaces.asgi import create_app, routes
from interfaces.bootstrap import Cells, Services, services
from interfaces.cells.dispatch import Dispatch
from interfaces.cells.every import in_every_cell
from interfaces.listening import HTTP, check, listening
from interfaces.machine import settle
from interfaces.stopping import beside, end_in_time, until

GRACE = 16
"""Seconds that running requests are given when the server stops."""
LEFT = 6
"""Seconds that answers are given after that whose requests are gone. Whoever stops this process waits longer than for both."""


class Server(uvicorn.Server):
    """Stops at a signal and comes back; uvicorn's own dies of the signal then, before anything else is closed."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        end_in_time()
        self._stopping.set()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGINT)
        for number in numbers:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)


def connections_of(settings: Settings, parts: Services) -> Connections:
    """With the limits of the settings, and told to the metrics."""
    limits = Limits(
        most=settings.max_connections,
        head=settings.header_timeout,
        silence=settings.silence_timeout,
        rate=settings.min_transfer_rate,
    )
    connections = Connections(limits, parts.instruments.connections)
    parts.instruments.connections.watch(connections.counts)
    return connections


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; what runs then is finished. A database that is away at the start is waited for. Raises PortUnusable."""
    check(settings.host, settings.port, *HTTP)  # before all that takes time
    routes(settings.origins)  # once for all cells, before any thread imports anything
    # All bounds follow from how many connections there can be.
    settings = msgspec.structs.replace(settings, max_connections=room_for(settings.max_connections))
    cells, ended = Cells(list(settings.by_cell)), asyncio.Event()
    dispatch = Dispatch(cells)
    part = partial(_serve, cells=cells, dispatch=dispatch, ended=ended)
    await in_every_cell(settings, part, ended, cells.open)


async def _serve(
    name: str, settings: Settings, *, cells: Cells, dispatch: Dispatch, ended: asyncio.Event
) -> None:
    """The main cell's part listens, for all of them."""
    async with services(settings, pool=20, patient=True, role="serve", name=name, cells=cells) as parts:
        parts.embedder.load()
        understanding.load()
        await parts.completers.load()
        with dispatch.serving(name, create_app(parts)):
            if name == MAIN:
                await _listen(settings, parts, dispatch)
            else:
                await until(ended)
        if parts.background:
            await asyncio.wait(parts.background, timeout=LEFT)


async def _listen(settings: Settings, parts: Services, app: ASGIApp) -> None:
    connections = connections_of(settings, parts)
    config = uvicorn.Config(
        app,
        http=limited(connections),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
    )
    settle()
    async with beside(watch_loop(parts.instruments)):
        with listening(settings.host, settings.port, *HTTP) as sockets:
            await Server(config, parts.stopping).serve(list(sockets))
