"""'Did you forget': that an earlier question was left unanswered. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.tokens import tokens
from domain.answers.understanding.words.forgotten import FORGOTTEN
from domain.base.language import language_of

_TABLES = Tables({"forgot": FORGOTTEN})


def says_forgotten(text: str) -> bool:
    """Whether a message says so, in whatever language."""
    return forgot(tokens(text).words, language_of(text)) is not None


def forgot(words: Sequence[str], language: str | None) -> str | None:
    """The words that say so."""
    found = _TABLES.of(language).find(words)
    return " ".join(words[found[0].first : found[0].last]) if found else None
