"""What is told of a completion, piece by piece: its text without the markers of citations that nothing bears out. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.answers.attribution.bearing import Bearing, leads
from domain.retrieval.markers import MARKER, OPEN, canonical

LONGEST = 1_000
"""Characters of a sentence, so that none is held back for long."""

_REACH = 120
"""Characters in which it shows whether a sentence ends at a sign."""

_CLOSED = r"[\"'”’»)*_]{0,4}+"
_SIGN = rf"[.!?…؟।]{_CLOSED}(?=\s|\[\d)|[。！？][”’」』）]{{0,2}}+"
_THEN = r"(?:(?=\s{0,30}(\S))|(?=\s{31}))"
_NEXT = re.compile(rf"(?:{_SIGN})((?:[^\S\n]{{0,3}}\[\d{{1,3}}\]){{0,9}}+){_THEN}|(?=\n)")
"""A sentence ends, or a line, with its markers behind it, and it is known what comes then."""

_NEXT_LED = re.compile(rf"(?:{_SIGN})(){_THEN}|(?=\n)")
"""The same where markers stand before what they speak for."""

_GOES_ON = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|\d{1,2}|(?i:e\.g|i\.e|approx|incl|min|max|vs|fig|mr|mrs|ms|dr|tel|no|nr|ca|bzw|inkl|zzgl))\.\Z"
)
"""Behind an abbreviation, or the number of a day or of a thing, no sentence ends."""


class Telling:
    """A completion on its way to whoever asked: takes its pieces, gives those of the text that is told.

    That has no white space around it, its markers are written as [1], and there are none but those that point at one of `sources`, [1] at the first, and whose
    sentence has no figure that they do not have; None: markers are none of ours, and stay. In whatever pieces a completion comes, the text is the same:
    from its first marker on a sentence is held back until it ends.
    """

    def __init__(self, sources: Sequence[str] | None) -> None:
        self._sources = sources
        self._bearing = Bearing(sources or ())
        self._unclear = ""
        """What may become a marker yet."""

        self._sentence = ""
        """The sentence that has not ended; `_told` characters of it are told."""

        self._told = 0
        self._before = ""
        self._white = ""
        self._begun = False

    def take(self, piece: str) -> str:
        """What can be told by now; may be empty."""
        if self._sources is None:
            return self._say(piece)
        text = self._unclear + piece
        match = OPEN.search(text)
        clear = len(text) if match is None else match.start()
        self._unclear = text[clear:]
        return self._tell(canonical(text[:clear]))

    def end(self) -> str:
        """What is left, once all has come."""
        if self._sources is None:
            return ""
        text, self._unclear = self._unclear, ""
        return self._tell(canonical(text)) + self._close(len(self._sentence))

    def _tell(self, text: str) -> str:
        self._sentence += text
        if not self._sources:  # none stays, whatever its sentence says
            return self._close(len(self._sentence))
        parts = list[str]()
        while (end := _end_of(self._sentence)) is not None:
            parts.append(self._close(end))
        marker = MARKER.search(self._sentence, self._told)
        sure = len(self._sentence) if marker is None else marker.start()
        parts.append(self._say(self._sentence[self._told : sure]))
        self._told = sure
        return "".join(parts)

    def _close(self, end: int) -> str:
        """The rest of the sentence, up to `end`. More of the text may be told by now: no marker stands there."""
        sentence, self._sentence = self._sentence[:end], self._sentence[end:]
        kept = self._bearing.kept(sentence, self._before)
        left, self._told = kept[self._told :], max(0, self._told - end)
        if any(map(str.isalnum, kept)):
            self._before = kept
        return self._say(left)

    def _say(self, text: str) -> str:
        text = self._white + text
        if not self._begun:
            text = text.lstrip()
        told = text.rstrip()
        self._white = text[len(told) :]
        self._begun = self._begun or bool(told)
        return told


def told(text: str, sources: Sequence[str] | None) -> str:
    """The whole text as it is told."""
    telling = Telling(sources)
    return telling.take(text) + telling.end()


def _end_of(text: str) -> int | None:
    """Where the first sentence of a text ends; None while that is not known."""
    pattern = _NEXT_LED if leads(text[:LONGEST]) else _NEXT
    for match in pattern.finditer(text, 0, LONGEST + _REACH):
        if match.start() > LONGEST:
            break
        if match.end() and _is_end(text, match):
            return match.end()
    if len(text) <= LONGEST + _REACH:
        return None
    # Behind a marker rather than between words and theirs; never within one.
    found = MARKER.finditer(text, LONGEST // 2, LONGEST + 8)
    ends = [each.end() for each in found if each.start() < LONGEST]
    return ends[-1] if ends else LONGEST


def _is_end(text: str, match: re.Match[str]) -> bool:
    if match[1] or not match[0].startswith("."):
        return True
    if (match[2] or "").islower():
        return False
    return _GOES_ON.search(text[max(0, match.start() - 12) : match.start() + 1]) is None
