"""All checks of a deployment, in order.

Whoever asks has the settings of a shell; the roles have theirs. What `retrace up` has noted (interfaces/running.py) tells whether both
mean the same database, Redis and keys, and a difference is a finding of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

from infra.embedded.redis import EmbeddedRedis
from infra.postgres.cell import Cell
from infra.providers.catalogue import load_catalogue
from infra.providers.probing import probe_all
from infra.redis.connection import RedisConnection
from infra.redis.health import SharedHealth
from infra.server_urls import place_of
from infra.settings import MAIN, Secret, Settings
from interfaces.bootstrap import utc_now
from interfaces.doctor.catalogue import of_catalogue
from interfaces.doctor.check import Check
from interfaces.doctor.database import of_database
from interfaces.doctor.files import of_files
from interfaces.doctor.replicas import of_replicas
from interfaces.doctor.roles import database_of, keys_given, master_given, roles
from interfaces.doctor.telling import of_collector, of_metrics
from interfaces.given import redis_trouble
from interfaces.running import Running, running_in

LEAST = 2**30
"""Bytes of the disk that should be free."""


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Everything, in order; what depends on something that is missing is left out."""
    running = running_in(settings.data)
    yield await roles(settings, running)
    master = master_given(settings)
    yield keys_given(settings, running, master)
    database, check = database_of(settings, running)
    if check is not None:
        yield check
    if database is not None:
        given = master if isinstance(master, bytes) else b""
        async for check in of_database(Cell(database, given)):
            yield check
        if given:
            async for check in of_replicas(Cell(database, given), settings.replicas, settings.replica_lag):
                yield check
    if isinstance(master, bytes):
        async for check in _of_cells(settings, master):
            yield check
    async for check in _of_redis(settings, running):
        yield check
    if (check := await of_files(settings, running)) is not None:
        yield check
    for probed in await probe_all(settings.providers):
        detail = f"{probed.detail} ({probed.ms:.0f} ms)"
        yield Check(f"provider {probed.provider}", probed.ok, detail)
    yield of_catalogue(load_catalogue(), utc_now())
    yield await of_metrics(settings, running)
    async for check in of_collector(settings):
        yield check
    yield _disk(settings)


async def _of_cells(settings: Settings, master: bytes) -> AsyncIterator[Check]:
    """The others than the main one."""
    for name, each in settings.by_cell.items():
        if name != MAIN:
            cell = Cell(str(each.database_url), master)
            async for check in of_database(cell):
                yield Check(f"cell {name}: {check.check}", check.ok, check.detail)
            async for check in of_replicas(cell, each.replicas, each.replica_lag):
                yield Check(f"cell {name}: {check.check}", check.ok, check.detail)


async def _of_redis(settings: Settings, running: Running | None) -> AsyncIterator[Check]:
    url = str(settings.redis_url) if settings.redis_url is not None else None
    if url is None and running is not None and running.redis == place_of(EmbeddedRedis(settings.data).url):
        url = EmbeddedRedis(settings.data).url
    here = place_of(url) if url else None
    if running is not None and here != running.redis:
        text = f"the running roles use {running.redis or 'none'}, not {here or 'none'}; set REDIS_URL as they have it, or restart `retrace up`"
        yield Check("Redis", False, text)
        return
    if url is None:
        yield Check(
            "Redis", True, "none: going on without caches and hints, each process judges providers alone"
        )
        return
    if (why := await redis_trouble(url)) is not None:
        yield Check("Redis", False, f"{why}; the roles go on without caches and hints until then")
        return
    async with RedisConnection(Secret(url)) as reach:
        yield Check("Redis", True, f"{here} answers")
        health = SharedHealth(reach)
        sick = [
            f"{place.id} ({lately.reason})" for place, lately in (await health.all()).items() if lately.until
        ]
        await health.close()
        hint = "; `retrace providers reset` lets them be asked at once"
        yield Check(
            "circuits", not sick, f"left alone: {', '.join(sick)}{hint}" if sick else "no model is left alone"
        )


def _disk(settings: Settings) -> Check:
    folder = settings.data.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    hint = "" if free > LEAST else "; make room, or writes are refused"
    return Check("disk", free > LEAST, f"{free / 2**30:.1f} GiB free in {folder}{hint}")
