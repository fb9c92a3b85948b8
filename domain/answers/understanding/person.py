"""A request for a person, from 0 to 1. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.words.person import NOT, PERSON

_TABLES = Tables({"person": PERSON, "not": NOT})
ASKED = 0.9


def wants_person(words: Sequence[str], language: str | None) -> tuple[float, str | None]:
    """And the words that say it."""
    found = _TABLES.of(language).find(words)
    asked = [each for each in found if each.label == "person"]
    barred = [each for each in found if each.label == "not"]
    for each in asked:
        if not any(one.first < each.last and each.first < one.last for one in barred):
            return ASKED, " ".join(words[each.first : each.last])
    return 0.0, None
