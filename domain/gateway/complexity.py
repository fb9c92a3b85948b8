"""How demanding a question is, from 0 to 1, and what that is made of. Pure; the words are data (`domain/gateway/complexity_words.py`).

| part | at most | full at |
|---|---|---|
| keywords | 0.50 | 3 points: 2 for something to work out (analyse, compare, calculate), 1 for something to weigh (why, difference) |
| structure | 0.20 | several questions, clauses, lines or figures in one |
| length | 0.15 | 300 characters |
| conversation | 0.15 | 20 turns before it |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from domain.gateway.complexity_words import REASONING, WORKING

KEYWORDS, STRUCTURE, LENGTH, CONVERSATION = 0.50, 0.20, 0.15, 0.15
FULL_POINTS, FULL_LENGTH, FULL_TURNS = 3, 300, 20

QUESTION, FIGURE, LINE, CLAUSE = 0.4, 0.2, 0.2, 0.15
"""Share of the structure that each one adds: of questions and figures those beyond the first."""

VERSION = 1
"""Of the words, weights and rules; goes up with any change of them, so that an old score is known as one."""

READ = 4_000
"""Characters that are looked at for words and structure."""

_ACCENTS = re.compile("[\u0300-\u036f]")
_FIGURE = re.compile(r"\d+")
_GAP = re.compile(r"[\s-]+")


class Complexity(msgspec.Struct, frozen=True, kw_only=True):
    """`parts` by name add up to `score`, to four decimals. `version` is that of the scoring."""

    score: float
    parts: dict[str, float]
    version: int = VERSION


def complexity(questions: Sequence[str], turns: int) -> Complexity:
    """Of the messages that are to be answered together. `turns`: how many come before them in the conversation."""
    text = "\n".join(questions)
    length, text = len(text), fold(text[:READ])
    points = sum([POINTS[word] for word in _found(text)])
    asked = text.count("?") + text.count("؟")
    structure = (
        QUESTION * max(asked - 1, 0)
        + FIGURE * max(len(_FIGURE.findall(text)) - 1, 0)
        + LINE * text.count("\n")
        + CLAUSE * (text.count(",") + text.count(";") + text.count(":"))
    )
    parts = {
        "keywords": round(KEYWORDS * min(points / FULL_POINTS, 1), 4),
        "structure": round(STRUCTURE * min(structure, 1), 4),
        "length": round(LENGTH * min(length / FULL_LENGTH, 1), 4),
        "conversation": round(CONVERSATION * min(turns / FULL_TURNS, 1), 4),
    }
    return Complexity(score=round(sum(parts.values()), 4), parts=parts)


def fold(text: str) -> str:
    """Without capitals and accents."""
    if text.isascii():
        return text.lower()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))


def _found(text: str) -> set[str]:
    """The keywords of a folded text, as they stand in POINTS."""
    found = set(_PATTERN.findall(text))
    return found if found <= POINTS.keys() else {_GAP.sub(" ", word) for word in found}


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Matches the beginning of a word up to the `*`, or a whole word. A tree of letters: its cost does not grow with the list."""
    tree: dict[str, Any] = {}
    for word in words:
        node = tree
        for letter in word:
            node = node.setdefault(letter, {})
        if not word.endswith("*"):
            node[""] = {}
    return re.compile(r"\b" + _branches(tree))


def _branches(node: dict[str, Any]) -> str:
    if not node or "*" in node:
        return ""
    each = [
        r"(?!\w)" if letter == "" else (r"[\s-]+" if letter == " " else re.escape(letter)) + _branches(below)
        for letter, below in sorted(node.items(), reverse=True)
    ]
    return each[0] if len(each) == 1 else f"(?:{'|'.join(each)})"


_WORDS = {
    word: points
    for table, points in ((REASONING, 1), (WORKING, 2))
    for words in table.values()
    for word in words
}
POINTS = {word.removesuffix("*"): points for word, points in _WORDS.items()}
_PATTERN = _pattern(_WORDS)
