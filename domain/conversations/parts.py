"""A long text in parts that a channel takes, cut where a reader would pause. Pure; nothing but white space is lost."""

from __future__ import annotations

import re
import unicodedata

from domain.base.sentences import sentences
from domain.conversations.rich import units

_JOINER = "\u200d"
_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]+\\Z")
"""Letters of flags, two of which are one."""


def spans(text: str, most: int) -> tuple[tuple[int, int], ...]:
    """Where its parts are, of at most `most` UTF-16 units (2 or more), none empty: cut after a paragraph, a line or a sentence, else between
    words, else between characters."""
    found = []
    begin, left = _stripped(text, 0)
    while units(left) > most:
        end = _cut(left, _fitting(left, most))
        found.append((begin, begin + len(left[:end].rstrip())))
        begin, left = _stripped(text, begin + end)
    return (*found, (begin, begin + len(left))) if left else tuple(found)


def _stripped(text: str, begin: int) -> tuple[int, str]:
    left = text[begin:].lstrip()
    return len(text) - len(left), left.rstrip()


def _fitting(text: str, most: int) -> int:
    """How many characters of `text` have no more units than `most`."""
    end = taken = 0
    for character in text:
        taken += 2 if ord(character) > 0xFFFF else 1
        if taken > most:
            break
        end += 1
    return end


def _cut(text: str, end: int) -> int:
    """Where to cut, at `end` or before; more than 0."""
    pauses = [match.start() for match in re.finditer(r"\n", text[: end + 1])]
    at = 0
    for sentence in sentences(text[: end + 200])[:-1]:
        at = text.index(sentence, at) + len(sentence)
        pauses.append(at)
    if kept := [pause for pause in pauses if 0 < pause <= end and text[:pause].strip()]:
        return max(kept)
    words = [match.start() for match in re.finditer(r"\s", text[: end + 1])]
    if words and words[-1] > 0:
        return words[-1]
    whole = end
    while whole > 1 and _joined(text, whole):
        whole -= 1
    return whole if whole > 1 or not _joined(text, whole) else end


def _joined(text: str, at: int) -> bool:
    """Whether a reader sees one character where the cut would be: an accent, a skin tone, a family, a flag."""
    before, after = text[at - 1], text[at]
    letters = _REGIONAL.search(text[:at])
    flag = letters is not None and len(letters[0]) % 2 == 1 and _REGIONAL.match(after) is not None
    tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    return flag or tone or _JOINER in (before, after) or unicodedata.category(after) in ("Mn", "Me", "Mc")
