"""A role's part in each cell: the main one as ever, the others beside it, each by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container, Coroutine
from typing import Any

from application.base.tasks import cancel_and_wait
from application.ports import Fault
from domain.base.errors import Refusal
from infra.server_urls import place_of
from infra.settings import MAIN, Settings

log = logging.getLogger("retrace.cells")

AGAIN = 5.0
"""Seconds before a cell is tried again whose database was away for longer than a start waits for it, or that ended otherwise."""

Part = Callable[[str, Settings], Coroutine[Any, Any, None]]
"""What is done for one cell, by its name and with its settings, until `told`."""


async def in_every_cell(settings: Settings, part: Part, told: asyncio.Event, opened: Container[str]) -> None:
    """The main cell's part ends the role, by itself or by what it raises; no other one does. `told` is set then, if it was not.

    `opened` holds the names of those that are; what still waits for its database then waits no longer.
    """
    main, *others = settings.by_cell.items()
    beside = [asyncio.create_task(_kept(name, each, part, told, opened)) for name, each in others]
    try:
        await part(*main)
    finally:
        told.set()
        await asyncio.gather(*beside)


async def _kept(
    name: str, settings: Settings, part: Part, told: asyncio.Event, opened: Container[str]
) -> None:
    assert name != MAIN
    stop = asyncio.create_task(told.wait())
    while not told.is_set():
        running = asyncio.create_task(part(name, settings))
        await asyncio.wait([running, stop], return_when=asyncio.FIRST_COMPLETED)
        try:
            if told.is_set() and name not in opened:
                await cancel_and_wait(running)
            else:
                await running
        except Exception as error:  # noqa: BLE001 - told, and tried again: one cell's trouble is not the others'
            facts = {
                "cell": name,
                "place": place_of(str(settings.database_url)),
                "error": type(error).__name__,
                "reason": str(error) if isinstance(error, Fault | Refusal) else "",
            }
            log.error("a cell can't be served; it is tried again", extra={"facts": facts})
        await asyncio.wait([stop], timeout=AGAIN)
