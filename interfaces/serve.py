"""Role `retrace serve`: the HTTP interface."""

from __future__ import annotations

import asyncio

import uvicorn

from infra.settings import Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import services

GRACE = 20
"""Seconds that running requests are given when the server stops."""


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; what runs then is finished."""
    async with services(settings, pool=20) as parts:
        parts.embedder.load()
        config = uvicorn.Config(
            create_app(parts),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE,
            server_header=False,
        )
        await uvicorn.Server(config).serve()
        if parts.background:
            await asyncio.wait(parts.background, timeout=GRACE)
