"""Likeness: how near messages are to known orders to an agent, by the vector that passages are looked for with anyway."""

from __future__ import annotations

from collections.abc import Sequence

from application.retrieval.embedding import MeteredEmbedder
from domain.answers.understanding.screening import nearest
from domain.answers.understanding.words.injection import KNOWN


async def likeness_of(vector: Sequence[float], embedder: MeteredEmbedder) -> float:
    """The cosine to the nearest known text."""
    return nearest(vector, await embedder.of_ours(KNOWN))
