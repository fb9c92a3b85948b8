"""Choosing: which of several offers a customer means who was asked. By its words that the others do not have, by its number, or its name. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import OSA

from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.tokens import tokens
from domain.answers.understanding.words.references import ORDINAL
from domain.shop.matching import words

NEAR = 0.75
"""Similarity from which on a word is that of a name: one slip in four letters."""

SHORT = 6
"""Words of a reply that says nothing else."""

_ORDINALS = Tables(ORDINAL)


def choice_lines(names: Sequence[str]) -> str:
    """As a customer is shown them, to be told by their numbers, too."""
    return "\n".join(f"{number}. {name}" for number, name in enumerate(names, 1))


def chosen(text: str, names: Sequence[str], language: str | None) -> str | None:
    """None: it can't be told, and the text stands for itself."""
    said = words(text)
    own = [_own(name, names) for name in names]
    heard = [sum(max((_near(word, each) for each in said), default=0.0) for word in some) for some in own]
    best = max(heard, default=0.0)
    if best and heard.count(best) == 1:
        return names[heard.index(best)]
    return None if best else _numbered(text, names, language)


def is_more(text: str) -> bool:
    """Whether a reply says or asks more than which one is meant."""
    return len(words(text)) > SHORT


def _own(name: str, names: Sequence[str]) -> list[str]:
    """Words that no other has."""
    others = {word for each in names if each != name for word in words(each)}
    return [word for word in words(name) if word not in others]


def _near(word: str, said: str) -> float:
    nearness: float = OSA.normalized_similarity(word, said)
    return nearness if nearness >= NEAR else 0.0


def _numbered(text: str, names: Sequence[str], language: str | None) -> str | None:
    read = tokens(text)
    if len(read.words) == 1 and read.words[0].isdecimal():
        return _at(int(read.words[0]), names)
    labels = {each.label for each in _ORDINALS.of(language).find(read.words)}
    if len(labels) != 1:
        return None
    (label,) = labels
    return names[-1] if label == "last" else _at(int(label), names)


def _at(number: int, names: Sequence[str]) -> str | None:
    return names[number - 1] if 1 <= number <= len(names) else None
