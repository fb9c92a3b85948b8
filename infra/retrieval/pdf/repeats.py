"""What repeats at the edges of pages: running titles, numbers of pages. Pure.

A line is dropped only if its neighbours have it in the same place; the first of a running title stays. The heads of tables that go on stay, too.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

from infra.retrieval.pdf.lines import Line

EDGE = 3
"""Lines at the top and at the foot that are looked at."""
REACH = 2
"""Pages before and after."""
_NUMBER = re.compile(r"(?<![\d.,])\d{1,4}(?![.,]?\d)")
_AMOUNT = re.compile(r"\d[.,]\d|[€$£%]|\b(?:EUR|USD|CHF|GBP|euros?|dollars?)\b", re.IGNORECASE)
_NOTHING_ELSE = re.compile(r"[\W_]*(?:\w{1,7}\.?\s*)?\d{1,4}(?:\s*(?:/|\w{1,4})\s*\d{1,4})?[\W_]*")

Directions = list[list[Line]]


def without_repeats(pages: Iterable[Directions], count: int) -> Iterator[Directions]:
    """The same pages; the first direction of writing of each is looked at. `count`: pages in all."""
    window: deque[tuple[int, Directions, dict[str, list[float]]]] = deque(maxlen=2 * REACH + 1)
    needed = min(3, count)
    done = 0
    for number, page in enumerate(pages, 1):
        window.append((number, page, _marks(page, number)))
        if number > REACH:
            done += 1
            yield _without(window, done, needed)
    while done < count:
        done += 1
        yield _without(window, done, needed)


def _without(
    window: Iterable[tuple[int, Directions, dict[str, list[float]]]], number: int, needed: int
) -> Directions:
    near = [each for each in window if abs(each[0] - number) <= REACH]
    page = next(each for each in near if each[0] == number)[1]
    if not page or needed < 2:
        return page
    others = [(at, marks) for at, _, marks in near if at != number]
    drop = set()
    for place in _edges(page[0]):
        line = page[0][place]
        for mark in _marks_of(line, number):
            same = [at for at, marks in others if any(abs(y - line.y) < 3 for y in marks.get(mark, ()))]
            numbered = mark != line.text
            if len(same) + 1 < needed or _is_row(page[0], place):
                continue
            if any(map(str.isdigit, line.text)) and not (numbered or _is_title(page[0], place)):
                continue
            if numbered and needed < 3:
                continue
            if min(same) > number and not (numbered and _NOTHING_ELSE.fullmatch(line.text)):
                continue
            drop.add(place)
    return [[line for place, line in enumerate(page[0]) if place not in drop], *page[1:]] if drop else page


def _is_title(lines: list[Line], place: int) -> bool:
    """With a number in it: the outermost line and no price, as a year's catalogue has one. What is the same on each page may be said of each."""
    return place in (0, len(lines) - 1) and _AMOUNT.search(lines[place].text) is None


def _is_row(lines: list[Line], place: int) -> bool:
    """The head of a table, or one of its rows."""
    near = [lines[at] for at in (place - 1, place + 1) if 0 <= at < len(lines)]
    line = lines[place]
    return len(line.segments) > 1 and any(
        len(other.segments) > 1 and abs(other.y - line.y) < 3 * line.size for other in near
    )


def _edges(lines: list[Line]) -> list[int]:
    """Lines at the edges that stand off from the text between them."""
    count = len(lines)
    top = _standing_off(lines, range(min(EDGE, count)), 1)
    foot = _standing_off(lines, range(count - 1, max(-1, count - 1 - EDGE), -1), -1)
    return sorted({*top, *foot})


def _standing_off(lines: list[Line], places: Iterable[int], step: int) -> list[int]:
    taken: list[int] = []
    for place in places:
        taken.append(place)
        after = place + step
        if not 0 <= after < len(lines):
            return []  # all there is
        if abs(lines[place].y - lines[after].y) > 1.7 * lines[after].size:
            return taken
    return []


def _marks(page: Directions, number: int) -> dict[str, list[float]]:
    """Mark → heights of the lines at the edges that have it."""
    found: dict[str, list[float]] = {}
    for place in _edges(page[0]) if page else ():
        for mark in _marks_of(page[0][place], number):
            found.setdefault(mark, []).append(page[0][place].y)
    return found


def _marks_of(line: Line, number: int) -> list[str]:
    """The text, and the text with each of its numbers as its distance from the page's."""
    text = line.text
    return [text] + [
        f"{text[: found.start()]}\x00{int(found[0]) - number}\x00{text[found.end() :]}"
        for found in _NUMBER.finditer(text)
    ]
