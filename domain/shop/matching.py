"""Fuzzy matching: which offers a text names, also misspelt, as a part, or among other words, and how sure that is. Pure.

Each word of the text is compared with all words of the catalogue (Damerau-Levenshtein, by rapidfuzz). What it is near to counts for the offers that
have it: the rarer the word, the more. Words of the text that are near to nothing in the catalogue, as "do you have", say nothing.

    confidence = ½ (how much of the offer's name the text says) + ½ (how much of what the text says is the offer's), each with how near its words are
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from domain.shop.offer import Offer

NEAR = 0.65
"""Similarity from which on a word may be meant: one slip in three letters."""

SURELY = 0.85
"""And of two words that may be one, as "hair cut"."""

MOST = 40
"""Words of a text that are looked up."""

BESIDE = 0.7
"""What a word of an offer's category or tags counts, beside one of its name."""

_ACCENTS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"(?:[^\W_]|[\u0900-\u0dff])+[+#]*")


class Match(NamedTuple):
    """`confidence`: 0 to 1; 1: the text is the offer's name."""

    offer: int
    confidence: float


def words(text: str) -> list[str]:
    """Folded: without capitals and accents. Signs that tell names apart stay, as in C++ and C#."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFD", text.casefold()))
    return _WORD.findall(unicodedata.normalize("NFC", plain))


class OfferIndex:
    """Of offers, which are named by their numbers in the order in which they came."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        self._names: list[list[str]] = []
        self._having: dict[str, dict[int, float]] = {}
        for number, offer in enumerate(offers):
            name = list(dict.fromkeys(words(offer.name)))
            self._names.append(name)
            for word in words(" ".join((offer.category, *offer.tags))):
                self._having.setdefault(word, {}).setdefault(number, BESIDE)
            for word in name:
                self._having.setdefault(word, {})[number] = 1.0
        self._words = list(self._having)
        self._weights = {
            word: math.log(1 + len(self._names) / len(having)) for word, having in self._having.items()
        }

    def find(self, text: str, *, least: float, among: frozenset[int] | None = None) -> list[Match]:
        """The surest first, of those numbers only; none below `least`."""
        typed = words(text)[:MOST]
        asked = list(dict.fromkeys(typed))
        joined = [one + two for one, two in pairwise(typed) if len(one) > 2 < len(two)]
        if not asked or not self._words:
            return []
        import numpy as np  # 10 MB, for whoever reads catalogues

        near = process.cdist(
            [*asked, *joined],
            self._words,
            scorer=OSA.normalized_similarity,
            score_cutoff=NEAR,
            dtype=np.float32,
        )
        near[len(asked) :][near[len(asked) :] < SURELY] = 0
        said: dict[int, float] = {}
        """Offer → what of the text is its own."""
        heard: dict[int, dict[str, float]] = {}
        """Offer → word of its own → how near the text comes to it."""
        total = 0.0
        for row in near:
            hits = np.nonzero(row)[0]
            if not len(hits):
                continue
            best: dict[int, float] = {}
            for hit in hits:
                word, nearness = self._words[hit], float(row[hit])
                for offer, part in self._having[word].items():
                    if among is None or offer in among:
                        best[offer] = max(best.get(offer, 0.0), nearness * part)
                        own = heard.setdefault(offer, {})
                        own[word] = max(own.get(word, 0.0), nearness)
            weight = max(self._weights[self._words[hit]] * float(row[hit]) for hit in hits)
            total += weight
            for offer, nearness in best.items():
                said[offer] = said.get(offer, 0.0) + weight * nearness
        found = [
            Match(offer, round((self._named(offer, heard[offer]) + part / total) / 2, 4))
            for offer, part in said.items()
        ]
        return sorted(
            (match for match in found if match.confidence >= least),
            key=lambda match: (-match.confidence, match.offer),
        )

    def _named(self, offer: int, heard: dict[str, float]) -> float:
        """How much of an offer's name was said."""
        name = self._names[offer]
        all_of_it = sum(self._weights[word] for word in name)
        return sum(self._weights[word] * heard.get(word, 0.0) for word in name) / all_of_it if name else 0.0
