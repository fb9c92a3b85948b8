"""Spelling correction by the words of a tenant's own documents (Damerau-Levenshtein in the optimal-string-alignment form, by rapidfuzz). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

from domain.retrieval.terms import SHORTEST

LONG = 8
"""Letters from which on two errors are looked past, not one."""

MOST = 3
"""Words that may be meant."""


class Vocabulary:
    """Words, folded as terms are."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._by_length: dict[int, list[str]] = {}
        for word in sorted(set(words)):
            self._by_length.setdefault(len(word), []).append(word)

    def near(self, word: str) -> list[str]:
        """The nearest words, those with the same first letter first, which is seldom wrong; none where none is near, or it is a word itself."""
        if len(word) < SHORTEST:
            return []
        errors = 2 if len(word) >= LONG else 1
        lengths = range(len(word) - errors, len(word) + errors + 1)
        candidates = [each for length in lengths for each in self._by_length.get(length, ())]
        found = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=errors, limit=None)
        least = min((distance for _, distance, _ in found), default=0)
        if not least:
            return []
        nearest = [each for each, distance, _ in found if distance == least]
        return sorted(nearest, key=lambda each: (each[0] != word[0], each))[:MOST]
