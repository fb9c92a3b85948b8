"""Log lines of what may happen a thousand times a second: one at once, then one for each kind every some seconds, with a count."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

EVERY = 10.0
"""Seconds in which a kind has one line."""


class Repeated:
    """Writes to `log`, on the running loop."""

    def __init__(self, log: logging.Logger, every: float = EVERY) -> None:
        self._log, self._every = log, every
        self._since = Counter[tuple[str, str]]()
        """What happened since the last line, of those kinds that had one lately."""

    def warn(self, message: str, reason: str) -> None:
        """`message` and `reason`, of which there are few, are the kind."""
        kind = (message, reason)
        if kind in self._since:
            self._since[kind] += 1
            return
        self._tell(kind, 1)

    def _tell(self, kind: tuple[str, str], count: int) -> None:
        message, reason = kind
        self._log.warning(message, extra={"facts": {"reason": reason, "count": count}})
        self._since[kind] = 0
        asyncio.get_running_loop().call_later(self._every, self._again, kind)

    def _again(self, kind: tuple[str, str]) -> None:
        if count := self._since.pop(kind):
            self._tell(kind, count)
