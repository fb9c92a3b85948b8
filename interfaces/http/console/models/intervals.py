"""Intervals as a drawing: where the truth lies, on a scale on which as much as the other is in the middle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from domain.flags.comparison import Compared

WIDTH, ROW, EDGE = 480, 34, 20
"""Units of the drawing; `EDGE` is left free on both sides."""

FACTOR = 4.0
"""At the scale's ends: four times as much, and a quarter. What lies beyond goes on to the end, with an arrow."""

MARKS = (0.25, 0.5, 1.0, 2.0, 4.0)


class Bar(NamedTuple):
    """`low` and `high`: times the other's, None where nothing is known on that side; `x`, `width`: where it is drawn."""

    metric: str
    low: float | None
    high: float | None
    x: float
    width: float
    y: float
    beyond: tuple[bool, bool]

    @property
    def says(self) -> str:
        """In words: what a picture can't say to everybody."""
        if self.low is None and self.high is None:
            return "nothing is known yet"
        if self.low is None:
            return f"at most {self.high:.2f} times"
        if self.high is None:
            return f"at least {self.low:.2f} times"
        return f"{self.low:.2f} to {self.high:.2f} times"


class Drawing(NamedTuple):
    bars: list[Bar]
    marks: list[tuple[float, str]]
    width: int
    height: int
    middle: float


def drawn(metrics: Mapping[str, Compared]) -> Drawing:
    """One bar a metric, from the interval of how many times the first arm's figure it is."""
    bars = []
    for number, (metric, compared) in enumerate(metrics.items()):
        low, high = compared.times.low, compared.times.high
        left, right = _place(low, 1 / FACTOR), _place(high, FACTOR)
        beyond = (low is None or low < 1 / FACTOR, high is None or high > FACTOR)
        bars.append(Bar(metric, low, high, left, max(2.0, right - left), number * ROW + 10, beyond))
    marks = [(_place(mark, mark), f"{mark:g}×") for mark in MARKS]
    return Drawing(bars, marks, WIDTH, len(bars) * ROW + 28, _place(1.0, 1.0))


def _place(times: float | None, otherwise: float) -> float:
    """Where so many times as much lies, on a logarithmic scale."""
    value = min(FACTOR, max(1 / FACTOR, otherwise if times is None or times <= 0 else times))
    part = (math.log(value) / math.log(FACTOR) + 1) / 2
    return round(EDGE + part * (WIDTH - 2 * EDGE), 1)
