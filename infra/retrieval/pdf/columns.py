"""Columns of a page, in the order of reading.

Rows of a table are drawn one after the other, columns of text too: where all on one side of a gutter is drawn before all on the other, there are columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from infra.retrieval.pdf.lines import Line, Segment

FEWEST = 3
"""Lines on both sides of a gutter."""
WIDTH = 12
"""Letters in a line of a column, on the average: a column of numbers belongs to a table."""
CUTS = 4
"""Times that a stretch is cut in two."""
GUTTERS = 40
"""Places that are tried."""


def regions(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines that are read one after the other, from the page's top to its foot."""
    found = _columns(lines)
    if found is None:
        if lines:
            yield list(lines)
        return
    start, end, gutter = found
    yield from regions(lines[:start])
    left, right = _side(lines[start:end], gutter, left=True), _side(lines[start:end], gutter, left=False)
    first, second = (left, right) if _first(left) <= _first(right) else (right, left)
    yield from regions(first)
    yield from regions(second)
    yield from regions(lines[end:])


def _columns(lines: Sequence[Line]) -> tuple[int, int, float] | None:
    """The stretch of lines with the most that are in columns, and the gutter's place."""
    gaps: dict[tuple[str, int], list[float]] = {}
    for line in lines:
        for left, right in pairwise(line.segments):
            # Lines end where they end, and begin below each other.
            middle, edge = (left.x1 + right.x0) / 2, max(left.x1, right.x0 - 1)
            gaps.setdefault(("middle", round(middle / 8)), []).append(middle)
            gaps.setdefault(("edge", round(right.x0 / 4)), []).append(edge)
    common = sorted(gaps.values(), key=len, reverse=True)[:GUTTERS]
    best: tuple[int, int, int, float] | None = None
    for middles in common:
        if len(middles) < FEWEST and len(lines) > 2 * FEWEST and best:
            break
        gutter = sorted(middles)[len(middles) // 2]
        waiting = [(start, end, CUTS) for start, end in _stretches(lines, gutter)]
        while waiting:
            start, end, cuts = waiting.pop()
            both = _rows(lines[start:end], gutter)
            if both < FEWEST or (best is not None and both <= best[0]):
                continue
            if _are_columns(lines[start:end], gutter):
                best = (both, start, end, gutter)
            elif cuts and _has_text(lines[start:end], gutter):
                # A table above or below them has its gap in the same place.
                cut = _widest(lines, start, end)
                waiting += [(start, cut, cuts - 1), (cut, end, cuts - 1)]
    return best and best[1:]


def _widest(lines: Sequence[Line], start: int, end: int) -> int:
    """The line above which there is the most room."""
    return max(range(start + 1, end), key=lambda place: lines[place - 1].y - lines[place].y)


def _stretches(lines: Sequence[Line], gutter: float) -> Iterator[tuple[int, int]]:
    """Where nothing crosses the gutter."""
    start: int | None = None
    for place, line in enumerate(lines):
        crosses = any(segment.x0 < gutter < segment.x1 for segment in line.segments)
        if crosses and start is not None:
            yield start, place
            start = None
        elif not crosses and start is None:
            start = place
    if start is not None:
        yield start, len(lines)


def _has_text(lines: Sequence[Line], gutter: float) -> bool:
    """On both sides, beside numbers."""
    return all(
        sum(_length(line) >= 2 * WIDTH for line in _side(lines, gutter, left=left)) >= FEWEST
        for left in (True, False)
    )


def _are_columns(lines: Sequence[Line], gutter: float) -> bool:
    left, right = _side(lines, gutter, left=True), _side(lines, gutter, left=False)
    if min(len(left), len(right)) < FEWEST or not (_is_text(left) and _is_text(right)):
        return False
    first, second = (left, right) if _first(left) <= _first(right) else (right, left)
    later = [segment.order for line in first for segment in line.segments]
    until = _first(second)
    if sum(order > until for order in later) <= len(later) // 20:
        return True
    return len(left) >= 6 and len(right) >= 6 and _runs_on(left) and _runs_on(right)


def _is_text(lines: Sequence[Line]) -> bool:
    if sum(map(_length, lines)) < WIDTH * len(lines):
        return False
    letters = [sum(sum(map(str.isalpha, each.text)) for each in line.segments) for line in lines]
    return 2 * sum(count >= 5 for count in letters) >= len(lines)


def _length(line: Line) -> int:
    return sum(len(each.text) for each in line.segments)


def _runs_on(lines: Sequence[Line]) -> bool:
    """Sentences that go from line to line, so that it does not matter in which order they were drawn."""
    plain = [line.text for line in lines if len(line.segments) == 1]
    return (
        5 * len(plain) >= 4 * len(lines)
        and sum(map(len, plain)) >= 25 * len(plain)
        and 5 * sum(text[:1].islower() for text in plain) >= 2 * len(plain)
    )


def _rows(lines: Sequence[Line], gutter: float) -> int:
    return sum(line.x0 < gutter < line.x1 for line in lines)


def _first(lines: Sequence[Line]) -> int:
    return min(segment.order for line in lines for segment in line.segments)


def _side(lines: Sequence[Line], gutter: float, *, left: bool) -> list[Line]:
    found = []
    for line in lines:
        segments: list[Segment] = [each for each in line.segments if (each.x1 <= gutter) == left]
        if segments:
            found.append(Line(segments, line.y, line.size))
    return found
