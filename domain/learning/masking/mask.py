"""The mask: a placeholder in the place of each piece of personal data. Pure: the same texts are always masked alike."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from domain.learning.masking.addresses import ADDRESSES, PLACE_AFTER, WITHOUT_FIGURES
from domain.learning.masking.figures import FIGURES, KEPT, NAMED
from domain.learning.masking.names import names_in, pattern_of

VERSION = 1
"""Of all that decides what is masked; it stands on each training set."""

_DIGIT = re.compile(r"\d")
_AGAIN = re.compile(r"(\[(?:NAME|ADDRESS|NUMBER)(?:_\d{1,6})?\])(?:[ \t,.-]{1,3}\1)+")
_ENDING = re.compile(r"['’]?s\Z")


class Mask:
    """For texts that belong together, as those of an exchange: a name that is told in one is known in all. `known`: names of the people in the
    conversation; `kept`: words of the business that are left as they are, as a product's name. `numbered`: the same piece has the same placeholder
    in all texts, and another one another: [NAME_1], [NAME_2]. `counts`: what was masked, by kind."""

    def __init__(
        self,
        texts: Iterable[str],
        known: Iterable[str] = (),
        kept: Iterable[str] = (),
        *,
        numbered: bool = False,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._numbers: dict[str, dict[str, int]] | None = {} if numbered else None
        kept_words = sorted(
            {unicodedata.normalize("NFC", word) for word in kept}, key=lambda word: (-len(word), word)
        )
        own = "|".join(map(re.escape, kept_words))
        self._own = [re.compile(rf"(?<!\w)(?i:{own})(?!\w)")] if own else []
        self._names = pattern_of(names_in(texts, known))

    @property
    def distinct(self) -> dict[str, int]:
        """How many different pieces were masked, by kind, where they are numbered."""
        return {kind: len(known) for kind, known in sorted((self._numbers or {}).items())}

    def __call__(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text)
        some = _DIGIT.search(text) is not None  # most texts have none, and pass by most of the patterns
        addresses = (*WITHOUT_FIGURES, *ADDRESSES) if some else WITHOUT_FIGURES
        text = self._taken_out(text, [("address", each) for each in addresses], self._own)
        text = PLACE_AFTER.sub(r"\1", text)
        text = self._taken_out(text, (*NAMED, *(FIGURES if some else ())), (*KEPT, *self._own))
        if self._names is not None:
            text = self._taken_out(text, [("name", self._names)], self._own)
        return _AGAIN.sub(r"\1", text)

    def _taken_out(
        self,
        text: str,
        patterns: Iterable[tuple[str, re.Pattern[str]]],
        kept: Iterable[re.Pattern[str]],
    ) -> str:
        """With placeholders in the place of what the patterns find; what is `kept`, or taken already, stays."""
        spans: list[tuple[int, int, str]] = []
        taken = bytearray(len(text))
        for pattern in kept:
            for match in pattern.finditer(text):
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
        for kind, pattern in patterns:
            for match in pattern.finditer(text):
                first, last = match.span(1) if pattern.groups else match.span()
                if first < last and not any(taken[first:last]):
                    taken[first:last] = b"\1" * (last - first)
                    spans.append((first, last, kind))
        pieces, end = [], 0
        for first, last, kind in sorted(spans):
            self.counts[kind] += 1
            pieces += [text[end:first], self._placeholder(kind, text[first:last])]
            end = last
        return "".join([*pieces, text[end:]])

    def _placeholder(self, kind: str, piece: str) -> str:
        if self._numbers is None:
            return f"[{kind.upper()}]"
        known = self._numbers.setdefault(kind, {})
        number = known.setdefault(_alike(kind, piece), len(known) + 1)
        return f"[{kind.upper()}_{number}]"


def _alike(kind: str, piece: str) -> str:
    """The same for all ways to write the same."""
    if kind in ("phone", "number"):
        return re.sub(r"[^0-9a-z]", "", piece.casefold())
    if kind == "name":
        piece = _ENDING.sub("", piece)
    return " ".join(piece.casefold().split())
