"""Whether what is asked lies outside the tenant's business, from 0 to 1. Pure; the tenant's own words win: a bookshop may talk of poems."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.words.scope import OUTSIDE

_TABLES = Tables({"outside": OUTSIDE})
OUT = 0.85
BESIDE_BUSINESS = 0.4
"""Where something that a business is asked for stands beside it."""


def outside(
    words: Sequence[str], language: str | None, own: frozenset[str], *, business_asked: bool
) -> tuple[float, str | None]:
    """And the words that say it. `own`: the tenant's words; `business_asked`: an intent has a name of its own."""
    for found in _TABLES.of(language).find(words):
        said = words[found.first : found.last]
        if not own & set(words[found.first : found.last + AROUND]):
            return (BESIDE_BUSINESS if business_asked else OUT), " ".join(said)
    return 0.0, None


AROUND = 6
"""Words behind the entry that are looked at for the tenant's own, as "a poem about the moon boots"."""
