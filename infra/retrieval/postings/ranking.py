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
IN_SEGMENT = (1 << SEGMENT_BITS) - 1
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
    segments = sorted({row.seg for row in rows})
    slots = {seg: slot for slot, seg in enumerate(segments)}
    of_term: dict[int, list[tuple[NDArray[np.int64], NDArray[np.int64]]]] = {}
    for row in sorted(rows, key=lambda row: row.seg):
        places = _integers(row.rel) + (slots[row.seg] << SEGMENT_BITS)
        of_term.setdefault(row.term, []).append((places, _integers(row.packed)))
    average = tokens / chunks if chunks and tokens else 1.0
    whole = typed = 0.0
    places_of, scores_of, missing = [], [], []
    for number, word in enumerate(asked):
        places, packed = _united([of_term[term] for term in word.terms if term in of_term])
        idf = word.weight * math.log1p((chunks - len(places) + 0.5) / (len(places) + 0.5))
        whole += idf
        if not len(places):
            missing.append(number)
            continue
        typed += idf if word.typed else 0.0
        often, length = packed >> LENGTH_BITS, packed & LONGEST
        scores_of.append(idf * often * (K1 + 1) / (often + K1 * (1 - B + B * length / average)))
        places_of.append(places)
    if not places_of or whole <= 0:
        return Ranking([], [], 0.0, tuple(missing))
    # A place for each chunk of the segments that there are: added up without being sorted.
    every = np.bincount(np.concatenate(places_of), np.concatenate(scores_of))
    found = np.flatnonzero(every)
    scores = np.minimum(every[found] / whole, 1.0)
    if len(scores) > limit:
        least = np.partition(scores, -limit)[-limit]
        kept = scores >= least
        found, scores = found[kept], scores[kept]
    best = np.lexsort((found, -scores))[:limit]
    numbers = (np.array(segments)[found >> SEGMENT_BITS] << SEGMENT_BITS) + (found & IN_SEGMENT)
    return Ranking(numbers[best].tolist(), scores[best].tolist(), typed / whole, tuple(missing))


def packed_of(often: int, length: int) -> int:
    return min(often, OFTEN) << LENGTH_BITS | min(length, LONGEST)


def _united(
    terms: list[list[tuple[NDArray[np.int64], NDArray[np.int64]]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Chunks in which any of the terms is, as often as the most frequent of them. Each term's parts are in order."""
    parts = [part for term in terms for part in term]
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    places, packed = (np.concatenate(each) for each in zip(*parts, strict=True))
    if len(terms) == 1:
        return places, packed
    order = np.lexsort((packed, places))
    places, packed = places[order], packed[order]
    last = np.append(places[1:] != places[:-1], True)
    return places[last], packed[last]


def _integers(sent: bytes) -> NDArray[np.int64]:
    """An int2[] as array_send has it."""
    if len(sent) <= ARRAY_HEADER:
        return np.empty(0, np.int64)
    elements = np.frombuffer(sent, ">i2", offset=ARRAY_HEADER).reshape(-1, 3)
    return elements[:, 2].astype(np.int64)
