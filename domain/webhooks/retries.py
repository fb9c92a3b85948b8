"""Retries: when a delivery that failed is tried again, and when it no longer is. Exponential back-off with jitter."""

from __future__ import annotations

from datetime import timedelta

WAITS = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800)
"""Seconds before the second, third … try; about 16 hours in all."""

TRIES = len(WAITS) + 1
LONGEST_ASKED = timedelta(hours=1)
"""That a `Retry-After` is obeyed for."""

DISABLED_AFTER = 3
"""Events in a row that could not be delivered: then the endpoint is disabled, until somebody enables it again."""


def wait(tries: int, asked: timedelta | None, jitter: float) -> timedelta | None:
    """Before the next try after `tries` that failed; None: it is given up. `jitter`: in [0, 1), by chance. `asked`: by the endpoint."""
    if tries >= TRIES:
        return None
    by_itself = timedelta(seconds=WAITS[tries - 1] * (0.8 + 0.4 * jitter))
    return max(by_itself, min(asked or timedelta(0), LONGEST_ASKED))
