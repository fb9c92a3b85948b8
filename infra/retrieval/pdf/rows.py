"""Rows of tables whose cells go over several lines, as one line each. Pure.

What stands closer together than rows do is one row if it has numbers in one line only and each text below another in its column goes on with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from infra.retrieval.pdf.hyphens import joined
from infra.retrieval.pdf.lines import Line, Segment

CLOSE = 1.45
"""A step from line to line within a cell, at most, in letter heights."""
NEAR = 40
"""Lines above and below that tell what a column holds."""
LEAST = 12
"""Letters of a column's longest text, from which it has lines that are full."""
_WORDS = re.compile(r"[^\W\d_]{2,}")
_GOES_ON = re.compile(r"[-,(/&+:\u00ad]\Z|\b(?:und|oder|and|or|with|mit|et|ou|y|o)\Z", re.IGNORECASE)

Column = tuple[float, float]


def whole_rows(lines: Sequence[Line]) -> list[Line]:
    """The lines of a region, from its top to its foot."""
    found: list[Line] = []
    place = 0
    for group in _groups(lines):
        if len(group) == 1 or len(columns := _columns(group)) < 2:
            found += group
        else:
            found += _rows(group, columns, lines[max(0, place - NEAR) : place + len(group) + NEAR])
        place += len(group)
    return found


def _groups(lines: Sequence[Line]) -> list[list[Line]]:
    groups: list[list[Line]] = [[lines[0]]] if lines else []
    for above, below in pairwise(lines):
        alike = max(above.size, below.size) <= 1.15 * min(above.size, below.size)
        if alike and above.y - below.y <= CLOSE * below.size:
            groups[-1].append(below)
        else:
            groups.append([below])
    return groups


def _columns(group: Sequence[Line]) -> list[Column]:
    """Stretches that segments below each other share, from left to right."""
    found: list[Column] = []
    for x0, x1 in sorted((each.x0, each.x1) for line in group for each in line.segments):
        if found and x0 < found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], x1)
        else:
            found.append((x0, x1))
    return found


def _rows(group: Sequence[Line], columns: Sequence[Column], lines: Sequence[Line]) -> list[Line]:
    ends = [_end(column, lines) for column in columns]
    numbers = [column for column in columns if _has_numbers(column, lines)]
    counts = [any(_is_in(each, column) for each in line.segments for column in numbers) for line in group]
    if sum(counts) <= 1:
        whole = _merged(group, columns, ends)
        return list(group) if whole is None else [whole]
    found: list[Line] = []
    for line, counted in zip(group, counts, strict=True):
        goes_on = found and not counted and _continues(found[-1], line, columns)
        whole = _merged([found[-1], line], columns, ends) if goes_on else None
        if whole is None:
            found.append(line)
        else:
            found[-1] = whole
    return found


def _merged(
    rows: Sequence[Line], columns: Sequence[Column], ends: Sequence[tuple[float, bool]]
) -> Line | None:
    """None where a text does not go on with the one above it."""
    segments: list[Segment] = []
    for column, (end, is_long) in zip(columns, ends, strict=True):
        parts = [each for line in rows for each in line.segments if _is_in(each, column)]
        if not all(_goes_on(above, below, end, is_long) for above, below in pairwise(parts)):
            return None
        if parts:
            text = parts[0].text
            for each in parts[1:]:
                text = joined(text, each.text, " ")
            x0, x1 = min(each.x0 for each in parts), max(each.x1 for each in parts)
            segments.append(Segment(text, x0, x1, min(each.order for each in parts)))
    # As the next one sees it, it ends where its last line does.
    return Line(segments, rows[-1].y, max(line.size for line in rows))


def _continues(row: Line, line: Line, columns: Sequence[Column]) -> bool:
    """Whether a line has nothing in a column that the row above it lacks, and less than it."""
    has = {column for column in columns if any(_is_in(each, column) for each in row.segments)}
    adds = {column for column in columns if any(_is_in(each, column) for each in line.segments)}
    return adds < has


def _goes_on(above: Segment, below: Segment, end: float, is_long: bool) -> bool:
    if not _WORDS.search(above.text) or abs(above.x0 - below.x0) > 0.5 * abs(above.x1 - above.x0):
        return False
    if below.text[0].islower() or _GOES_ON.search(above.text):
        return True
    word = below.text.split(maxsplit=1)[0]
    needed = (below.x1 - below.x0) * (len(word) + 1) / len(below.text)
    return is_long and end - above.x1 < needed


def _end(column: Column, lines: Sequence[Line]) -> tuple[float, bool]:
    """Where a column ends, by the longest text that begins where it does, and whether it has long ones."""
    alike = [
        each
        for line in lines
        if len(line.segments) > 1
        for each in line.segments
        if column[0] - 3 <= each.x0 <= column[1]
    ]
    return max((each.x1 for each in alike), default=column[1]), any(len(each.text) >= LEAST for each in alike)


def _has_numbers(column: Column, lines: Sequence[Line]) -> bool:
    """Whether most of what stands in it are."""
    there = [
        each for line in lines if len(line.segments) > 1 for each in line.segments if _is_in(each, column)
    ]
    return 2 * sum(_is_number(each.text) for each in there) > len(there)


def _is_in(segment: Segment, column: Column) -> bool:
    return column[0] <= (segment.x0 + segment.x1) / 2 <= column[1]


@lru_cache(maxsize=4096)
def _is_number(text: str) -> bool:
    """Hardly anything else: 19.99 €, 3 kg, A-1234-99, – for none."""
    digits = sum(map(str.isdigit, text))
    return digits > 0 and 2 * digits >= sum(map(str.isalpha, text))
