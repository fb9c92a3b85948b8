"""References: words that mean an earlier turn, and which one. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.result import Reference
from domain.answers.understanding.tokens import Text
from domain.answers.understanding.words.references import ORDINAL, OURS, THEIRS
from domain.models.completion import Turn

_TABLES = Tables({**ORDINAL, "ours": OURS, "theirs": THEIRS})
_ITEM = re.compile(r"^[ \t]{0,8}(?:[-*•–]|\(?\d{1,2}[.):])[ \t]{1,8}(\S[^\n]{0,300})", re.MULTILINE)
BACK = 20
"""Turns that are looked at."""

MOST = 8
ITEM_TEXT = 120
"""Characters of a list's entry that are told."""


def references(texts: Sequence[Text], history: Sequence[Turn], language: str | None) -> tuple[Reference, ...]:
    """An ordinal means an entry of our latest list; without one it means nothing."""
    found: list[Reference] = []
    for text in texts:
        behind = 0
        for each in _TABLES.of(language).find(text.words):
            if each.first < behind:
                continue
            behind = each.last
            written = text.between(each.first, each.last)
            if each.label in ("ours", "theirs"):
                role = "assistant" if each.label == "ours" else "user"
                found.append(Reference(text=written, kind="earlier", turn=_latest(history, role)))
            elif (listed := _listed(history)) is not None:
                turn, items = listed
                place = len(items) if each.label == "last" else int(each.label)
                if place <= len(items):
                    found.append(
                        Reference(text=written, kind="ordinal", turn=turn, item=items[place - 1][:ITEM_TEXT])
                    )
    return tuple(found[:MOST])


def _latest(history: Sequence[Turn], role: str) -> int | None:
    first = max(0, len(history) - BACK)
    return next((at for at in range(len(history) - 1, first - 1, -1) if history[at].role == role), None)


def _listed(history: Sequence[Turn]) -> tuple[int, list[str]] | None:
    """Our latest turn with a list of two or more, and its entries."""
    for at in range(len(history) - 1, max(-1, len(history) - BACK - 1), -1):
        if history[at].role == "assistant":
            items = _ITEM.findall(history[at].text[:8000])
            if len(items) > 1:
                return at, items
    return None
