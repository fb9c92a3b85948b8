"""Near-duplicates by MinHash and locality-sensitive hashing (Broder, 1997; Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, ch. 3).

Two texts are near-duplicates when their sets of four letters in a row have a Jaccard similarity of SIMILAR or more: one word of eight is
another one. 160 minima in 40 bands of 4 find a pair of similarity 0.6 with 99.6 %, one of 0.7 with 99.998 % (1 − (1 − s⁴)⁴⁰), and what they find is compared exactly, so nothing else is taken for one.
The cost of a text does not grow with those that it is compared with, but for the few that share a band; nothing depends on chance. Other
ways were left: comparing each with each grows with the square, and a text's edit distance says little of two that are ordered otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

SIMILAR = 0.6
SHINGLE = 4
"""Letters in a row."""

BANDS, ROWS = 40, 4
MOST = 500
"""Texts that one is compared with exactly, the first that share a band with it."""

_PLACEHOLDER = re.compile(r"\[[A-Z]{2,10}\]")
_OTHER = re.compile(r"[\W_]+")
_MASK = (1 << 64) - 1
Shingles = NDArray[np.uint64]


def plain(text: str) -> str:
    """What is compared: letters and digits, without capitals, placeholders and marks."""
    return _OTHER.sub(" ", unicodedata.normalize("NFKC", _PLACEHOLDER.sub(" ", text)).casefold()).strip()


class NearDuplicates:
    """An index of texts, in memory: about 3 kB for each."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._known: dict[str, int] = {}
        self._shingles: list[Shingles] = []
        self._bands: dict[bytes, list[int]] = {}
        for text in texts:
            self.add(text)

    def __bool__(self) -> bool:
        """Whether it has any text."""
        return bool(self._known)

    def add(self, text: str) -> None:
        bare = plain(text)
        if not bare or bare in self._known:
            return
        number = self._known[bare] = len(self._shingles)
        shingles = _shingles(bare)
        self._shingles.append(shingles)
        for band in _bands(shingles):
            self._bands.setdefault(band, []).append(number)

    def has(self, text: str) -> bool:
        """Whether a text like this one is in it."""
        bare = plain(text)
        if not bare:
            return False
        if bare in self._known:
            return True
        shingles = _shingles(bare)
        compared: set[int] = set()
        for band in _bands(shingles):
            for number in self._bands.get(band, ()):
                if number in compared or len(compared) >= MOST:
                    continue
                compared.add(number)
                if _similarity(shingles, self._shingles[number]) >= SIMILAR:
                    return True
        return False


def _shingles(bare: str) -> Shingles:
    """Each as one number, without those that are there twice. Short texts are framed by blanks."""
    points = np.frombuffer(f"  {bare}  ".encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(points, SHINGLE)
    with np.errstate(over="ignore"):
        return np.unique(windows @ _PLACES)


def _bands(shingles: Shingles) -> Iterator[bytes]:
    with np.errstate(over="ignore"):
        hashed = (shingles[:, None] * _FACTORS + _TERMS) >> np.uint64(32)
    minima = hashed.min(axis=0).astype(np.uint32)
    for band in range(BANDS):
        yield band.to_bytes(1, "big") + minima[band * ROWS : (band + 1) * ROWS].tobytes()


def _similarity(one: Shingles, other: Shingles) -> float:
    places = np.minimum(other.searchsorted(one), other.size - 1)  # both are sorted
    both = np.count_nonzero(other[places] == one)
    return float(both / (one.size + other.size - both))


def _numbers(seed: int, count: int) -> Shingles:
    """Odd numbers that follow from the seed alone, in every version of every library (splitmix64)."""
    found = []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        found.append((mixed ^ (mixed >> 31)) | 1)
    return np.array(found, dtype=np.uint64)


_PLACES = _numbers(1, SHINGLE)
_FACTORS, _TERMS = _numbers(2, BANDS * ROWS), _numbers(3, BANDS * ROWS)
