"""Odds that nobody else has changed what this process knew of an aggregate so many seconds ago: an average of what came of it lately.

A save by what is known costs one try more where somebody has, a look at the log costs a round trip where nobody has. Whether a worker of another
process answers each message, or customers write five of them in a row, only the deployment itself can tell.
"""

from __future__ import annotations

import math

GOOD = 0.7
"""From which on it is taken as it was: a lost try takes about twice as long as a look."""

WEIGHT = 1 / 16
"""Of each outcome in the average."""

SHORTEST, LONGEST = -3, 9
"""Powers of two: ages up to an eighth of a second are alike, and those of eight minutes and more."""


class Odds:
    """One per process, by the kind of aggregate and the age in seconds; None: nothing was known, and the question is whether there is nothing."""

    def __init__(self) -> None:
        self._same: dict[tuple[str, int | None], float] = {}

    def good(self, topic: str, age: float | None) -> bool:
        return self._same.get((topic, _power(age)), _first(age)) >= GOOD

    def saw(self, topic: str, age: float | None, same: bool) -> None:
        """What came of one, by a try or by a look."""
        key = (topic, _power(age))
        before = self._same.get(key, _first(age))
        self._same[key] = before + WEIGHT * (same - before)


def _power(age: float | None) -> int | None:
    return None if age is None else max(SHORTEST, min(LONGEST, math.frexp(age)[1]))


def _first(age: float | None) -> float:
    """Before anything was seen."""
    return 0.0 if age is None else 1.0
