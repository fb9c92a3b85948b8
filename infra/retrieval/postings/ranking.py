"""Okapi BM25 over decoded postings, in numpy.

A chunk's score is divided by that of an average chunk that has each word once, and held to 1: 1 is "all that was asked for is there".
Source: Robertson, Zaragoza, The Probabilistic Relevance Framework (2009), section 3; the idf is Lucene's, which is never negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

K1, B = 1.2, 0.75
LENGTH_BITS = 10
LONGEST = (1 << LENGTH_BITS) - 1
"""Words of a chunk that count; no chunk has more (500 tokens)."""
OFTEN = 31
"""How often a word counts in a chunk."""
SEGMENT_BITS = 12
ARRAY_HEADER = 20
"""Bytes of array_send before the elements: dimensions, flags, type, length, lower bound, 4 each; each element then is its length, 4, and itself."""


class Row(msgspec.Struct, frozen=True):
    """Of a term in a segment; the arrays as array_send has them."""

    term: int
    seg: int
    rel: bytes
    packed: bytes


class Asked(msgspec.Struct, frozen=True):
    """A word of the question: it is where any of the terms is."""

    terms: tuple[int, ...]
    weight: float = 1.0
    typed: bool = False


class Ranking(msgspec.Struct, frozen=True):
    """Chunks by their numbers, best first, with scores, 0 to 1. `typed`: how much of the question's weight were typed words that are there.
    `missing`: which of its words are nowhere, by their places."""

    numbers: list[int]
    scores: list[float]
    typed: float
    missing: tuple[int, ...] = ()


NOTHING = Ranking([], [], 0.0)


def rank(rows: Sequence[Row], asked: Sequence[Asked], chunks: int, tokens: int, limit: int) -> Ranking:
    """The `limit` best of `chunks` chunks, which have `tokens` words; of those with the same score the older ones."""
    of_term: dict[int, list[tuple[NDArray[np.int64], NDArray[np.int64]]]] = {}
    for row in rows:
        numbers = _integers(row.rel) + (row.seg << SEGMENT_BITS)
        of_term.setdefault(row.term, []).append((numbers, _integers(row.packed)))
    average = tokens / chunks if chunks and tokens else 1.0
    whole = typed = 0.0
    numbers_of, scores_of, missing = [], [], []
    for place, word in enumerate(asked):
        there = [each for term in word.terms for each in of_term.get(term, ())]
        numbers, packed = _united(there)
        idf = word.weight * math.log1p((chunks - len(numbers) + 0.5) / (len(numbers) + 0.5))
        whole += idf
        if not len(numbers):
            missing.append(place)
            continue
        typed += idf if word.typed else 0.0
        often, length = packed >> LENGTH_BITS, packed & LONGEST
        scores_of.append(idf * often * (K1 + 1) / (often + K1 * (1 - B + B * length / average)))
        numbers_of.append(numbers)
    if not numbers_of or whole <= 0:
        return Ranking([], [], 0.0, tuple(missing))
    found, places = np.unique(np.concatenate(numbers_of), return_inverse=True)
    scores = np.minimum(np.bincount(places, np.concatenate(scores_of)) / whole, 1.0)
    if len(scores) > limit:
        least = np.partition(scores, -limit)[-limit]
        kept = scores >= least
        found, scores = found[kept], scores[kept]
    order = np.lexsort((found, -scores))[:limit]
    return Ranking(found[order].tolist(), scores[order].tolist(), typed / whole, tuple(missing))


def packed_of(often: int, length: int) -> int:
    return min(often, OFTEN) << LENGTH_BITS | min(length, LONGEST)


def _united(
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Chunks in which any of the terms is, as often as the most frequent of them."""
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    numbers, packed = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.lexsort((packed, numbers))
    numbers, packed = numbers[order], packed[order]
    last = np.append(numbers[1:] != numbers[:-1], True)
    return numbers[last], packed[last]


def _integers(sent: bytes) -> NDArray[np.int64]:
    """An int2[] as array_send has it."""
    if len(sent) <= ARRAY_HEADER:
        return np.empty(0, np.int64)
    elements = np.frombuffer(sent, ">i2", offset=ARRAY_HEADER).reshape(-1, 3)
    return elements[:, 2].astype(np.int64)
