"""Likeness: how near messages are to known orders to an agent, by the built-in model; by the vector that passages are looked for with where
that is of it anyway."""

from __future__ import annotations

from collections.abc import Sequence

from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.query import QuestionVector, query_of
from domain.answers.understanding.screening import nearest
from domain.answers.understanding.words.injection import KNOWN
from domain.retrieval.embedding_model import LOCAL


async def likeness_of(
    questions: Sequence[str], vector: QuestionVector | None, embedder: MeteredEmbedder
) -> float:
    """The cosine to the nearest known text. `vector`: of the questions alone; None: there is none."""
    known = await embedder.of_ours(KNOWN)
    if vector is not None and vector.model == LOCAL and vector.values:
        return nearest(vector.values, known)
    (own,) = await embedder.like_ours([query_of(questions)])
    return nearest(own, known)
