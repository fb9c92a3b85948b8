"""A watchdog of the event loop: counts what holds it up for longer than it should, and names the place.

A thread looks at the loop's thread whenever a beat of the loop is overdue.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Protocol, Self

log = logging.getLogger("retrace.metrics")

ALLOWED = 0.02
"""Seconds that anything may hold the loop."""
TOLD = 0.1
"""Seconds that are worth a line in the log."""
BEAT = 0.02
"""Seconds between two beats of the loop."""
ROOT = Path(__file__).parents[2]
MACHINE = "nothing"
"""Stands for a place where the loop waited, and was not woken in time: the machine was busy with others."""

_LOOPS = ("asyncio/runners.py", "asyncio/base_events.py", "uvloop/__init__.py")
"""Ends of paths whose frames run the loop, and not on it."""
_SELF = ("asyncio/events.py", "selectors.py")


class Stalls(Protocol):
    """Where stalls are counted."""

    def held(self, where: str, kind: str, seconds: float) -> None:
        """`where`: file:function. `kind`: `busy` computing, or `waiting` for something that is not the loop's own."""


class Watchdog:
    """Watches the running loop between `with` and its end."""

    def __init__(self, stalls: Stalls) -> None:
        self._stalls = stalls
        self._stopping = threading.Event()
        self._counts: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._watched = threading.get_ident()
        self._where = ""
        self._due, self._computed = time.monotonic() + BEAT, time.thread_time()
        self._beating = self._loop.call_later(BEAT, self._beat)
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._beating.cancel()

    def _beat(self) -> None:
        now, computed = time.monotonic(), time.thread_time()
        if (late := now - self._due) > ALLOWED:
            busy = computed - self._computed > ALLOWED
            # The watching thread not having been woken either, the machine was busy with others.
            self._count(self._where or MACHINE, "busy" if busy else "waiting", late)
        self._where, self._due, self._computed = "", now + BEAT, computed
        self._beating = self._loop.call_later(BEAT, self._beat)

    def _watch(self) -> None:
        """It sleeps until the next beat would be overdue: each time that it is woken takes the loop's thread a moment."""
        while not self._stopping.wait(max(BEAT / 2, self._due + ALLOWED - time.monotonic())):
            if not self._where and time.monotonic() - self._due > ALLOWED:
                frame = sys._current_frames().get(self._watched)
                self._where = place(frame) if frame is not None else ""

    def _count(self, where: str, kind: str, seconds: float) -> None:
        self._stalls.held(where, kind, seconds)
        self._counts[where] = count = self._counts.get(where, 0) + 1
        if where != MACHINE and seconds > TOLD and count & (count - 1) == 0:  # the 1st, 2nd, 4th, 8th …
            facts = {"where": where, "kind": kind, "ms": round(seconds * 1000), "count": count}
            log.warning("the event loop was held up", extra={"facts": facts})


def place(frame: FrameType | None) -> str:
    """file:function of the innermost frame of ours that runs on the loop; where there is none, of the innermost at all."""
    innermost = ""
    while frame is not None and not frame.f_code.co_filename.endswith(_LOOPS):
        path = Path(frame.f_code.co_filename)
        ours = path.is_relative_to(ROOT) and "site-packages" not in path.parts
        name = f"{path.relative_to(ROOT) if ours else '/'.join(path.parts[-2:])}:{frame.f_code.co_name}"
        if ours:
            return name
        if not innermost and not frame.f_code.co_filename.endswith(_SELF):
            innermost = name
        frame = frame.f_back
    return innermost or MACHINE
