"""Raised and lowered figures that a typesetter has taken from the font: small and in their place there, in a text of full size on the baseline."""

from __future__ import annotations

import re

FIGURES = re.compile(r"[\d+()]*\d[\d+()]*")
HEIGHT = 0.7
"""Of a figure, in that of its letters."""


def as_drawn(y: float, size: float, low: float, high: float) -> tuple[float, float]:
    """Baseline and size of figures by where their ink begins and ends."""
    if high - low < 0.5 * size and (low - y > 0.2 * size or high - y < 0.45 * size):
        return low, (high - low) / HEIGHT
    return y, size
