"""How soon a thing has to be seen to, from 0 to 1. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.words import small
from domain.answers.understanding.words.topics import URGENCY

_TABLES = Tables({"urgent": small.URGENT, "again": small.AGAIN})
URGENT, AGAIN = 0.3, 0.1
"""Added where the customer says that it is urgent, that it has waited."""


def urgency(name: str, words: Sequence[str], language: str | None) -> float:
    labels = _TABLES.of(language).labels(words)
    return round(
        min(1.0, URGENCY.get(name, 0.3) + URGENT * ("urgent" in labels) + AGAIN * ("again" in labels)), 2
    )
