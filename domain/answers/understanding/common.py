"""Common words of a language: those of the word lists. What is one of them is no slip. Pure."""

from __future__ import annotations

from functools import lru_cache

from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.words import forgotten, person, references, requests, scope, small, topics

_TABLES = Tables(
    {
        **topics.TOPICS,
        **references.ORDINAL,
        **{
            f"{module.__name__}.{name}": table
            for module in (forgotten, person, references, requests, scope, small)
            for name, table in vars(module).items()
            if isinstance(table, dict) and name.isupper() and name != "ORDINAL"
        },
    }
)


@lru_cache(maxsize=32)
def common_words(language: str | None) -> frozenset[str]:
    return _TABLES.words(language)
