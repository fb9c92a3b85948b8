"""Case: a customer's message, what was said before it, and the answer that is expected. What an evaluation asks and compares."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from domain.base.errors import Invalid
from domain.feedback.exchange import Exchange
from domain.feedback.judgement import BEST

CaseSource = Literal["hand", "import", "correction", "interaction"]

LONGEST_TEXT = 16_000
"""Characters of one text of a case."""

MOST_TURNS = 50
"""Of what was said before."""

LONGEST_LABEL = 100
"""Characters of an intent, and of a category."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """`id` follows from the texts, by a hash under the tenant's key: the same case has it in every dataset. `conversation`: whose customer the
    texts are from; None: the dataset's own. `exchange` None: that customer was erased. `origin`: the correction or interaction that it was
    made of."""

    id: UUID
    exchange: Exchange | None
    intent: str | None = None
    category: str | None = None
    quality: float | None = None
    source: CaseSource
    origin: UUID | None = None
    conversation: UUID | None = None


def check_exchange(exchange: Exchange) -> None:
    """Raises Invalid."""
    for name, text in (("message", exchange.message), ("expected_answer", exchange.answer)):
        if not text.strip():
            raise Invalid(f"{name} has no text; each case needs one")
    if len(exchange.context) > MOST_TURNS:
        raise Invalid(f"context has {len(exchange.context)} turns; at most {MOST_TURNS} are taken")
    for text in exchange.texts:
        if len(text) > LONGEST_TEXT:
            raise Invalid(f"a text has {len(text)} characters; at most {LONGEST_TEXT} are taken")


def check_labels(intent: str | None, category: str | None, quality: float | None) -> None:
    """Raises Invalid."""
    for name, label in (("intent", intent), ("category", category)):
        if label is not None and not 1 <= len(label.strip()) <= LONGEST_LABEL:
            raise Invalid(f"{name} has 1 to {LONGEST_LABEL} characters; leave it out where there is none")
    if quality is not None and not 0 <= quality <= BEST:
        raise Invalid(f"quality is 0 to {BEST:g}; leave it out where nobody has judged it")
