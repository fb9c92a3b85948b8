"""Role `retrace projector`: keeps the read models up with the log."""

from __future__ import annotations

import asyncio

from infra.crypto.keyring import Keyring
from infra.database import Database, migrate
from infra.hints import Hints
from infra.log.reader import Reader
from infra.projector import Projector
from infra.settings import Settings
from interfaces.stopping import redis_of, stopped
from projections import PROJECTIONS


async def project(settings: Settings) -> None:
    """Follow the log until SIGTERM or SIGINT; a batch that is under way is whole or nothing."""
    url = str(settings.database_url)
    await migrate(url)
    async with (
        redis_of(settings) as redis,
        Database(url, role="retrace_projector", size=8) as writer,
        Database(url, role="retrace_runner", size=2) as system,
    ):
        reader = Reader(writer, Keyring(writer, settings.master()))
        projector = Projector(PROJECTIONS, writer=writer, system=system, reader=reader, hints=Hints(redis))
        running = asyncio.create_task(projector.run())
        await stopped(running)
        running.cancel()
        await asyncio.wait([running])
