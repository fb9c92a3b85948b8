"""Following questions: those that say too little of themselves to be looked for by, and what was said before that they go on from. By rules. Pure.

Conversational query rewriting by the context turn: what is meant is looked for with the question, and not in its place, so that a question that was taken
for a following one by mistake finds its own all the same. Source: Mele et al., Topic Propagation in Conversational Search (SIGIR 2020).
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.understanding.references import references
from domain.answers.understanding.tokens import tokens
from domain.answers.understanding.words.following import BEGINNING, POINTING
from domain.models.completion import Turn

POINTS, BEGINS, BARE = 10, 7, 2
"""Words of a question at most that points at something, that begins as one that goes on, and that is hardly any."""

BACK = 12
"""Turns that are looked at."""

LONGEST = 300
"""Characters that are taken of what was said before."""


def goes_on_from(questions: Sequence[str], history: Sequence[Turn], language: str | None) -> str | None:
    """What the questions mean of what was said before; None where they say it themselves, or nothing was. An entry of our latest list, where they name
    its place; else the customer's latest question that says of itself what it means."""
    text = "\n".join(questions)
    if not history:
        return None
    for reference in references([tokens(text)], history, language):
        if reference.item is not None:
            return reference.item[:LONGEST]
    if not is_following(text, language):
        return None
    for turn in reversed(history[-BACK:]):
        if turn.role == "user" and not is_following(turn.text, language):
            return turn.text[:LONGEST]
    return None


def is_following(text: str, language: str | None) -> bool:
    """Whether a question can't be understood without what was said before."""
    words = tokens(text[: 20 * LONGEST]).words
    if len(words) > max(POINTS, BEGINS):
        return False
    if len(words) <= BARE:
        return True
    said = " ".join(words)
    begins = any(said.startswith(f"{each} ") for each in _of(BEGINNING, language))
    points = any(word in words for word in _of(POINTING, language))
    return (begins and len(words) <= BEGINS) or (points and len(words) <= POINTS)


def _of(table: dict[str, tuple[str, ...]], language: str | None) -> tuple[str, ...]:
    """Where no language is told, those of English: the others' short words mean too much in each other."""
    return table.get(language or "en", ())
