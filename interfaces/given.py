"""Servers that somebody else runs, looked at once before the roles start: what is wrong with them is said at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from application.ports import Unavailable
from infra.postgres.cell import Cell
from infra.postgres.database import STARTING, wait_for
from infra.redis import faults
from infra.schema.migrate import prepare
from infra.server_urls import place_of
from infra.settings import MAIN, Settings
from infra.storage.faults import FilesUnavailable
from infra.storage.probing import probed_apart
from infra.waits import Waits

PATIENCE = 5.0
"""Seconds for Redis to answer."""


def look_at_given(
    settings: Settings, master: bytes, say: Callable[[str], None], waits: Waits
) -> dict[str, str]:
    """Bring the databases up to date, and say what may pass, and what Redis lacks, and look whether the store of files will do. Cell → what the roles then need of its database: its address
    where it is up to date, so that they get no login that may change it; else its URL. One that is not given is not in it.

    Raises DatabaseUnusable, OtherSchema, NotMigrated, LoginRefused, WrongSession, FilesUnavailable.
    """
    found: dict[str, str] = {}
    for name, of_cell in settings.by_cell.items():
        if of_cell.database_url is None:
            continue
        cell = Cell(of_cell.database_url, master)
        with waits(place_of(of_cell.database_url)):
            away = _run(_away(cell))
        if away is not None and name == MAIN:
            say(f"{away}; the roles wait for it, {STARTING:.0f} s")
        elif away is not None:
            say(f"{away}; its tenants wait for it, those of other cells do not")
        found[name] = cell.url if away else cell.address
    if settings.redis_url is not None:
        with waits(place_of(settings.redis_url)):
            why = _run(redis_trouble(settings.redis_url))
        if why is not None:
            say(f"{why}; going on without caches and hints until then, a little slower")
    if settings.files is not None:
        with waits(settings.files):
            _look_at_files(settings, say)
    return found


def _look_at_files(settings: Settings, say: Callable[[str], None]) -> None:
    """In a process of its own: the client and its threads are no use to whoever starts the roles. Raises FilesUnavailable where it can't be used, and will not by itself."""
    found = probed_apart(settings)
    if found.trouble is not None and found.lasting:
        raise FilesUnavailable(found.trouble, lasting=True)
    if found.trouble is not None:
        say(f"{found.trouble}; nothing is uploaded or downloaded until then, all else goes on")


def _run(question: Coroutine[Any, Any, str | None]) -> str | None:
    """In a thread of its own, for whoever starts a tree inside an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, question).result()


async def _away(cell: Cell) -> str | None:
    """Why it can't be asked just now; None: it is ready for the roles."""
    try:
        await wait_for(cell, 0.0)
        await prepare(cell)  # each role would find out by itself, and say so in its own log
    except Unavailable as error:
        return str(error)
    return None


async def redis_trouble(url: str) -> str | None:
    """Why this Redis can't be used; None: it can."""
    client = Redis.from_url(
        url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    )
    try:
        return await faults.unfit(client, url)
    except (RedisError, OSError) as error:
        return faults.trouble_of(error, url)
    finally:
        await client.aclose()
