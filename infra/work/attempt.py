"""One try at an item of work: runs its handler and says how it ended. Nothing that a handler raises escapes."""

from __future__ import annotations

import asyncio
import logging
import random
from time import monotonic
from typing import Any

from application.ports import Kind, Unavailable
from domain.base.context import correlation
from infra.work.error_text import error_text
from infra.work.items import Ending, Finished, Item
from infra.work.leases import Lease

log = logging.getLogger("retrace.worker")

ENDS = {
    Ending.DONE: (logging.INFO, "work done"),
    Ending.AGAIN: (logging.INFO, "work done, and due again"),
    Ending.FAILED: (logging.WARNING, "work failed"),
    Ending.PARKED: (logging.ERROR, "work parked"),
    Ending.GIVEN_BACK: (logging.INFO, "work given back"),
}

LONGEST = 900.0
"""Seconds after which a try that has not ended is stopped; it counts as failed."""
AWAY = 3.0
"""Seconds, about, before a try is repeated that failed because a server of ours was away; it does not count."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Seconds before the second try; they double with every further one, up to the longest."""


async def attempt(item: Item, kind: Kind, lease: Lease) -> Finished:
    """Raises CancelledError when its task is cancelled, else nothing. The log tells how it ended, under the correlation of what was done."""
    began, token = monotonic(), correlation.set(str(item.correlation) if item.correlation else None)
    try:
        _tell(logging.DEBUG, "work begun", item)
        finished = await _attempt(item, kind, lease)
        level, text = ENDS[finished.ending]
        facts: dict[str, Any] = {"ms": round((monotonic() - began) * 1000, 1)}
        if finished.error is not None:
            facts["reason"] = finished.error
        if finished.ending is Ending.FAILED:
            facts["again_in"] = round(finished.wait, 1)
        _tell(level, text, item, **facts)
        return finished
    finally:
        correlation.reset(token)


def _tell(level: int, text: str, item: Item, **facts: Any) -> None:
    if log.isEnabledFor(level):
        about = {"tenant": str(item.tenant), "kind": item.kind, "key": item.key, "attempt": item.attempts}
        log.log(level, text, extra={"facts": {**about, **facts}})


async def _attempt(item: Item, kind: Kind, lease: Lease) -> Finished:
    if item.attempts > kind.attempts:
        return Finished(item, Ending.PARKED, error="WorkerLost: no worker survived it")
    try:
        async with asyncio.timeout(LONGEST) as lease.scope:
            again_at = await kind.handler(item)
        if again_at is None or again_at == "settled":
            return Finished(item, Ending.DONE, known=again_at is not None)
        return Finished(item, Ending.AGAIN, again_at=again_at.astimezone())
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return _failed(item, kind, "CancelledError")
    except Unavailable as error:
        wait = AWAY * random.uniform(0.5, 1.5)
        return Finished(item, Ending.GIVEN_BACK, wait=wait, error=error_text(error))
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is stored with the row and logged
        return _failed(item, kind, error_text(error), getattr(error, "retry_after", None))


def wait_after(attempts: int) -> float:
    """Seconds to wait after so many failed tries: doubled each time, capped, spread so that failures don't come back as one."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 20)) * random.uniform(0.5, 1)


def _failed(item: Item, kind: Kind, error: str, retry_after: float | None = None) -> Finished:
    last = item.attempts >= kind.attempts
    wait = max(wait_after(item.attempts), min(retry_after or 0.0, LONGEST))
    return Finished(item, Ending.PARKED if last else Ending.FAILED, wait=wait, error=error)
