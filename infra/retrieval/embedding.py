"""Local embeddings with real word meaning, without a key or network: WordLlama, 256 dimensions, from its package.

Mostly English. The package `wordllama` (MIT). Implements `application.ports.Embedder`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

INLINE = 4_000
"""Characters that are embedded on the spot (about 2 ms); more go to a thread, so that the loop goes on."""


class WordLlamaEmbedder:
    model = "local/wordllama-256"
    dimension = 256

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Unit vectors, one a text."""
        if sum(map(len, texts)) <= INLINE:
            vectors = self.vectors(texts)
        else:
            vectors = await asyncio.to_thread(self.vectors, texts)
        return vectors.tolist()  # type: ignore[no-any-return]  # numpy does not type tolist

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of `dimension` a text, of length 1; of zeros for a text without any known token."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with np.errstate(invalid="ignore", divide="ignore"):
            vectors: NDArray[np.float32] = self._model.embed(list(texts), norm=True)
        return np.nan_to_num(vectors)

    def count_tokens(self, text: str) -> int:
        return len(self._model.tokenizer.encode(text, add_special_tokens=False).ids)

    def load(self) -> None:
        """Read the model from disk now (0.2 s), instead of at the first use."""
        self.count_tokens("")

    @cached_property
    def _model(self) -> Any:
        import wordllama

        # Its tokenizer lies in the package too, but is looked for only in a cache folder.
        return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
