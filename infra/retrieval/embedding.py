"""Local embeddings with real word meaning, without a key or network: WordLlama, 256 dimensions, from its package.

Mostly English. https://pypi.org/project/wordllama (MIT).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

INLINE = 32
"""Texts that are embedded on the spot; more go to a thread, so that the loop goes on."""

REMEMBERED = 20_000
"""Sentences whose vectors `similarities` keeps (1 kB each)."""


class WordLlamaEmbedder:
    model = "local/wordllama-256"
    dimension = 256

    def __init__(self) -> None:
        self._remembered: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Unit vectors, one a text."""
        if len(texts) <= INLINE:
            return self._vectors(texts).tolist()  # type: ignore[no-any-return]  # numpy does not type tolist
        vectors = await asyncio.to_thread(self._vectors, texts)
        return vectors.tolist()  # type: ignore[no-any-return]  # numpy does not type tolist

    def count_tokens(self, text: str) -> int:
        return len(self._model.tokenizer.encode(text, add_special_tokens=False).ids)

    def similarities(self, query: str, texts: Sequence[str]) -> list[float]:
        """Cosine of each text to the query, -1 to 1. Texts are remembered: they come again and again."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._remembered]
        if missing:
            for text, vector in zip(missing, self._vectors(missing), strict=True):
                self._remembered[text] = vector
        for text in texts:
            self._remembered.move_to_end(text)
        matrix = np.stack([self._remembered[text] for text in texts])
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        cosines: list[float] = (matrix @ self._vectors([query])[0]).tolist()
        return cosines

    def load(self) -> None:
        """Read the model from disk now (0.2 s), instead of at the first use."""
        self.count_tokens("")

    @cached_property
    def _model(self) -> Any:
        import wordllama

        # Its tokenizer lies in the package too, but is looked for only in a cache folder.
        return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._model.embed(list(texts), norm=True)
        return np.nan_to_num(vectors)  # a text without known tokens has no direction
