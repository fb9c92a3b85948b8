"""Cells that stand so close together that they look like words of one text, told apart by where the cells of other rows begin or end. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from infra.retrieval.pdf.lines import Line, Segment

NEAR = 12
"""Lines above and below that are looked at."""
OTHERS = 2
"""Of them, that have a cell in the same place."""
SAME = 0.7
"""Points."""


def told_apart(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page, from its top to its foot."""
    found = []
    for place, line in enumerate(lines):
        if any(segment.joints for segment in line.segments):
            near = [*lines[max(0, place - NEAR) : place], *lines[place + 1 : place + 1 + NEAR]]
            segments = [part for segment in line.segments for part in _parts(segment, near)]
            line = Line(segments, line.y, line.size)
        found.append(line)
    return found


def _parts(segment: Segment, near: Sequence[Line]) -> list[Segment]:
    parts: list[Segment] = []
    start, x0, order = 0, segment.x0, segment.order
    joints = segment.joints
    for place, joint in enumerate(joints):
        ends = joints[place + 1].x1 if place + 1 < len(joints) else segment.x1
        if _is_cell(joint.x0, ends, near):
            parts.append(Segment(segment.text[start : joint.at].strip(), x0, joint.x1, order))
            start, x0, order = joint.at, joint.x0, joint.order
    rest = Segment(segment.text[start:].strip(), x0, segment.x1, order)
    return [*parts, rest] if parts else [segment]


def _is_cell(x0: float, x1: float, near: Sequence[Line]) -> bool:
    """What begins or ends where the cells of other lines do that are not their first."""
    begins = sum(any(abs(each.x0 - x0) < SAME for each in line.segments[1:]) for line in near)
    ends = sum(any(abs(each.x1 - x1) < SAME for each in line.segments[1:]) for line in near)
    return max(begins, ends) >= OTHERS
