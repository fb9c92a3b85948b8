"""Local embeddings with real word meaning, without a key or network: WordLlama, 256 dimensions, from its package.

Mostly English. To it `RETURN` and `return` are two words: what is in capitals is taken in small letters. The package `wordllama` (MIT). Implements `application.ports.Embedder`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from domain.retrieval.capitals import without_capitals
from infra.retrieval.word_tokens import WordTokens
from infra.retrieval.word_vectors import table, vocabulary

INLINE = 4_000
"""Characters that are embedded on the spot (about 2 ms); more go to a thread, so that the loop goes on."""

LONG = re.compile(r"\S{400}")
"""A run of letters that is no word: to take such apart takes ten times as long a letter, so it goes to a thread too."""

Matrix = NDArray[np.float32]


class WordLlamaEmbedder:
    model = "local/wordllama-256"
    dimension = 256

    def __init__(self) -> None:
        self._counted: dict[str, int] = {}
        """Tokens of the few texts that were embedded last: whoever embeds them counts them next."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Unit vectors, one a text."""
        if sum(map(len, texts)) <= INLINE and not any(map(LONG.search, texts)):
            vectors = self.vectors(texts)
        else:
            vectors = await asyncio.to_thread(self.vectors, texts)
        return vectors.tolist()  # type: ignore[no-any-return]  # numpy does not type tolist

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """One row of `dimension` a text, of length 1; of zeros for a text without any known token."""
        vectors = _table(self.dimension)
        sums = np.zeros((len(texts), self.dimension), dtype=np.float32)
        counted = {}
        for row, text in enumerate(texts):
            tokens = self._tokens(text)
            counted[text] = len(tokens)
            if tokens:
                sums[row] = vectors.take(tokens, axis=0, mode="clip").sum(axis=0, dtype=np.float32)
        self._counted = counted
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        np.divide(sums, lengths, out=sums, where=lengths > 0)
        return sums

    def count_tokens(self, text: str) -> int:
        counted = self._counted.get(text)
        return len(self._tokens(text)) if counted is None else counted

    def _tokens(self, text: str) -> list[int]:
        return _words().of(without_capitals(text))

    def load(self) -> None:
        """Read the model from disk now (0.1 s), instead of at the first use."""
        self.count_tokens("")


@cache
def _words() -> WordTokens:
    """One a process, or a process and those that it forks."""
    return WordTokens(vocabulary())


@cache
def _table(dimension: int) -> NDArray[np.floating]:
    return table(dimension)
