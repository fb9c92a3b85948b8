"""Word diff: what was taken out of a text and what was put in, word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

LONGEST = 3_000
"""Words of each text; longer ones are shown one after the other, for to compare them takes the product of both."""


class Piece(NamedTuple):
    kind: Literal["same", "out", "in"]
    text: str


def word_diff(old: str, new: str) -> list[Piece]:
    """Pieces whose texts, but for those that are `out`, make the new text, and but for those that are `in` the old one."""
    before, after = (re.findall(r"^\s+|\S+\s*", text) for text in (old, new))
    if max(len(before), len(after)) > LONGEST:
        return [Piece("out", old), Piece("in", new)]
    found: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("same", "".join(before[a:b])))
            continue
        found += [Piece("out", "".join(before[a:b]))] if b > a else []
        found += [Piece("in", "".join(after[c:d]))] if d > c else []
    return found
