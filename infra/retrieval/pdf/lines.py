"""Runs into lines, each cut into segments: the cells of a table's row, or one of plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from infra.retrieval.pdf.right_to_left import in_reading_order
from infra.retrieval.pdf.runs import RTL, Run

CELL = 1.0
"""A gap that parts cells, in letter heights."""
SEARCHES = 200
"""Short texts of a page for which it is looked through for what they are raised beside, as each takes as long as the page is full."""
WORD = 0.12
"""A gap that parts words."""
WIDE = 0.45
"""One that may part cells."""
RAISED = str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")
LOWERED = str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")
LEADERS = re.compile(r"\s*(?:\.\s?){4,}\s*|\s*…{2,}\s*|\s*_{4,}\s*|\s{3,}")
"""Dots from a name to its price, and the spaces of a table that was typed."""
HINTS = ("..", ". .", "…", "__", "  ", "\t", "\u00a0")
"""Without one of them there are none."""
LATIN = re.compile("[A-Za-z\u00c0-\u024f]{2}")
_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹"


class Joint(NamedTuple):
    """A gap in a segment that is wide for one between words: what stands before it ends at `x1`, what follows begins at `x0` and `at` in the text."""

    at: int
    x1: float
    x0: float
    order: int


@dataclass(slots=True)
class Segment:
    text: str
    x0: float
    x1: float
    order: int
    joints: tuple[Joint, ...] = ()


@dataclass(slots=True)
class Line:
    """Its segments from left to right; `y` of its baseline."""

    segments: list[Segment]
    y: float
    size: float

    @property
    def text(self) -> str:
        return " | ".join(segment.text for segment in self.reading)

    @property
    def reading(self) -> list[Segment]:
        """The segments in the order of reading."""
        if all(segment.text.isascii() for segment in self.segments):
            return self.segments
        rtl = sum(RTL.search(segment.text) is not None for segment in self.segments)
        latin = sum(LATIN.search(segment.text) is not None for segment in self.segments)
        return self.segments[::-1] if rtl and rtl >= latin else self.segments

    @property
    def x0(self) -> float:
        return self.segments[0].x0

    @property
    def x1(self) -> float:
        return self.segments[-1].x1


def lines_of(runs: Sequence[Run]) -> list[Line]:
    """From the top of the page to its foot."""
    _settle(runs)
    runs = [run for run in runs if run.text]
    groups: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: (-run.y, run.x0)):
        if groups and groups[-1][0].y - run.y <= 0.3 * min(groups[-1][0].size, run.size):
            groups[-1].append(run)
        else:
            groups.append([run])
    return [_line(sorted(group, key=lambda run: run.x0)) for group in groups]


def _settle(runs: Sequence[Run]) -> None:
    """Small letters that are raised beside others, or lowered, come onto their baseline; digits as ⁹ or ₂, cents without their mark too."""
    bases: dict[int, Run] = {}
    heads: dict[int, int] = {}
    searches = SEARCHES
    for place, run in enumerate(runs):
        near = [runs[at] for at in (place - 1, place + 1) if 0 <= at < len(runs)]
        base = next((other for other in near if _hangs_on(run, other)), None)
        if base is None and place - 1 in bases and _goes_on(runs[place - 1], run):
            base = bases[place - 1]  # drawn letter by letter
            heads[place] = heads.get(place - 1, place - 1)
        alone = all(other.y != run.y for other in near)
        if base is None and alone and len(run.text) <= 4 and searches:
            searches -= 1
            base = next((other for other in runs if _hangs_on(run, other)), None)
        if base is not None:
            bases[place] = base
    heights = {id(run): run.y for run in runs}
    for place, base in bases.items():
        run = runs[place]
        offset, run.y = heights[id(run)] - heights[id(base)], base.y
        if not re.search(r"\d[.,]$", base.text) and run.text[0] not in ".,":
            run.text = run.text.translate(RAISED if offset > 0 else LOWERED)
        if place in heads:
            head = runs[heads[place]]
            head.text, head.x1, head.after, run.text = head.text + run.text, run.x1, run.after, ""


def _goes_on(before: Run, run: Run) -> bool:
    return run.y == before.y and run.size == before.size and abs(run.x0 - before.x1) <= 0.3 * run.size


def _hangs_on(run: Run, base: Run) -> bool:
    if run is base:
        return False
    raised = (run.y - base.y) / base.size
    # What is hardly smaller has to stand clearly higher.
    if run.size > (0.9 if raised > 0.3 else 0.85) * base.size or not -0.35 <= raised <= 0.75:
        return False
    if abs(raised) < 0.08:
        return False
    gap = run.x0 - base.x1 if run.x0 >= base.x0 else base.x0 - run.x1
    return -0.2 * base.size <= gap <= 0.3 * base.size


def _line(runs: list[Run]) -> Line:
    size = max(run.size for run in runs)
    cut = float("inf") if _is_justified(runs) else CELL
    segments: list[Segment] = []
    before: Run | None = None
    for run in runs:
        gap = (run.x0 - before.x1) / max(run.size, before.size) if before else 0.0
        if before is None or gap >= cut:
            segments.append(Segment(run.text, run.x0, run.x1, run.order))
        else:
            last = segments[-1]
            last.text += _between(last.text, run, before, gap)
            if gap >= WIDE:
                last.joints += (Joint(len(last.text), before.x1, run.x0, run.order),)
            last.text += run.text
            last.x1, last.order = max(last.x1, run.x1), min(last.order, run.order)
        before = run
    return Line([part for each in segments for part in _parts(each)], runs[0].y, size)


def _between(text: str, run: Run, before: Run, gap: float) -> str:
    """A space, if there is one. A footnote's number keeps apart from the number that it stands at; cents do not."""
    if before.after or run.before or gap > WORD or gap < -0.3:
        return " "
    if run.text[0] in _DIGITS:
        is_cents = len(run.text) == 2 and re.search(r"(?<![\d.,])\d+$", text)
        return " " if text[-1].isdigit() and not is_cents else ""
    return " " if text in _DIGITS and run.text[0].isalnum() else ""


def _is_justified(runs: Sequence[Run]) -> bool:
    """Words at wide, even distances."""
    gaps = [(right.x0 - left.x1) / right.size for left, right in pairwise(runs)]
    wide = [gap for gap in gaps if gap > WORD]
    if len(wide) < 4 or max(wide) >= 1.6 or max(wide) > 1.6 * min(wide):
        return False
    return 2 * sum(any(map(str.isdigit, run.text)) for run in runs) < len(runs)


def _parts(segment: Segment) -> list[Segment]:
    """Cut where leaders run, or three spaces; in the order of reading."""
    if not any(mark in segment.text for mark in HINTS):
        text = in_reading_order(segment.text)
        if text != segment.text:
            segment.text, segment.joints = text, ()
        return [segment]
    texts = [part for part in LEADERS.split(segment.text) if part.strip()] or [segment.text]
    length = max(1, len(segment.text))
    width, parts, at = segment.x1 - segment.x0, [], 0
    for text in texts:
        at = segment.text.index(text, at)
        end = at + len(text)
        x0, x1 = segment.x0 + width * at / length, segment.x0 + width * end / length
        parts.append(Segment(in_reading_order(" ".join(text.split())), x0, x1, segment.order))
        at = end
    return parts
