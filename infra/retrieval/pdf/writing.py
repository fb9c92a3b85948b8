"""Lines of a page into its text: paragraphs, and rows of tables, parted by blank lines; words that were hyphenated at a line's end whole again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from infra.retrieval.pdf.hyphens import joined
from infra.retrieval.pdf.lines import Line

_CENTS = re.compile(r"(?<![\d.,])(\d{1,6}|\d{1,3}(?:[.,'’]\d{3})+)([⁰¹²³⁴-⁹]{2})(?![⁰¹²³⁴-⁹])")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_DECIMALS = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,'’]\d{3})*([.,])\d\d(?![.,]?\d)")
_DIGIT = re.compile(r"\d")


class Writer:
    """Writes a document's pages, one after the other."""

    def __init__(self) -> None:
        self._marks = {",": 0, ".": 0}

    def text(self, regions: Sequence[Sequence[Line]]) -> str:
        text = "\n\n".join(_region(lines) for lines in regions)
        for found in _DECIMALS.finditer(text):
            self._marks[found[1]] += 1
        return text if text.isascii() else _CENTS.sub(self._with_cents, text)

    def _with_cents(self, found: re.Match[str]) -> str:
        """19⁹⁹ is 19 and 99 cents, with the mark that the document itself has between them."""
        whole, cents = found[1], found[2].translate(_PLAIN)
        if "." in whole or "," in whole:  # that parts thousands
            mark = "," if "." in whole else "."
        else:
            mark = "," if self._marks[","] > self._marks["."] else "."
        return f"{whole}{mark}{cents}"


def _region(lines: Sequence[Line]) -> str:
    right = max(line.x1 for line in lines)
    steps = [above.y - below.y for above, below in pairwise(lines) if above.y > below.y]
    usual = median(steps) if steps else 0.0
    texts = [line.text for line in lines]
    rows = [_is_row(line, text) for line, text in zip(lines, texts, strict=True)]
    for place, (above, below) in enumerate(pairwise(lines)):
        said, following = texts[place : place + 2]
        if rows[place + 1] and not rows[place] and _is_end_of(said, below, following):
            rows[place + 1] = _ends(above, said, below, following, right, usual)
    paragraphs: list[str] = []
    text = texts[0]
    for place, (above, below) in enumerate(pairwise(lines)):
        said, following = texts[place : place + 2]
        if rows[place] or rows[place + 1] or _ends(above, said, below, following, right, usual):
            paragraphs.append(text)
            text = following
        else:
            text = joined(text, following)
    return "\n\n".join([*paragraphs, text]).replace("\u00ad", "")


def _is_row(line: Line, text: str) -> bool:
    """Cells, or hardly anything but numbers."""
    if len(line.segments) > 1:
        return True
    words = text.count(" ") + 1
    if not 1 < words <= 2 * len(_DIGIT.findall(text)):
        return False
    return words <= 2 * sum(_DIGIT.search(word) is not None for word in text.split())


def _is_end_of(said: str, below: Line, following: str) -> bool:
    """Whether a line of hardly anything but numbers may be the end of a sentence, as `12.50 euros.` is."""
    return len(below.segments) == 1 and following[-1] in ".!?。！？" and said[-1] not in ".!?:;。！？"


def _ends(above: Line, said: str, below: Line, following: str, right: float, usual: float) -> bool:
    """Whether a paragraph ends between two lines."""
    step, size = above.y - below.y, max(above.size, below.size)
    if step > max(1.3 * usual, 1.35 * size) or size > 1.15 * min(above.size, below.size):
        return True
    word = following.split(maxsplit=1)[0]
    if word[0].islower() or said[-1] in "-\u00ad":
        return False
    # It would have had room in the line above.
    needed = (below.x1 - below.x0) * (len(word) + 1) / len(following)
    return right - above.x1 > 1.3 * needed + 0.5 * size
