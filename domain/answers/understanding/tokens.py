"""Tokens: a text's words in one form, each with where it stands. Pure, and linear in the text's length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import msgspec

from domain.gateway.complexity import fold

WORD = r"[^\W_]+(?:['’](?:[tsmdTSMD]|re|ve|ll|RE|VE|LL)(?![^\W_]))?"
_WORD = re.compile(WORD)
_LETTERS = str.maketrans({"ł": "l", "ı": "i", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ё": "е", "й": "и"})
"""Letters that are written without their mark as well, and that no normal form takes it from."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """`text` in normal form C; token n is `words[n]`, folded, from `starts[n]` up to `ends[n]` of it."""

    text: str
    words: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]

    def between(self, first: int, last: int) -> str:
        """What was written from token `first` up to token `last`, without the latter."""
        return self.text[self.starts[first] : self.ends[last - 1]] if first < last else ""

    def gap(self, token: int) -> str:
        """What stands between a token and the one before it."""
        return self.text[self.ends[token - 1] if token else 0 : self.starts[token]]


def tokens(text: str) -> Text:
    """An apostrophe parts words: "l'ordre" is "l" and "ordre"; but "don't" is "dont", which is how many write it."""
    text = unicodedata.normalize("NFC", text)
    starts, ends, words = [], [], []
    for match in _WORD.finditer(text):
        starts.append(match.start())
        ends.append(match.end())
        words.append(folded(match[0]))
    return Text(text=text, words=words, starts=starts, ends=ends)


def folded(word: str) -> str:
    """Without capitals and accents, and without the marks that are often left out."""
    word = word.replace("'", "").replace("’", "")
    return word.lower() if word.isascii() else fold(word).translate(_LETTERS)
