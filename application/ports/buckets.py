"""Rates that are kept over all processes."""

from __future__ import annotations

from typing import Protocol


class Buckets(Protocol):
    """Rates that all processes share, each with a name: a token bucket (generic cell rate algorithm, ITU-T I.371)."""

    async def take(self, name: str, *, rate: float, burst: float, patience: float = 0.0) -> float:
        """Seconds until its turn, which is then taken; where that is more than `patience`, it is not.

        `rate` a second, of which `burst` may come at once, 1 or more.
        """
