"""What passages are looked for with: the questions, and what of the conversation they go on from."""

from __future__ import annotations

from application.answers.inquiry import Inquiry
from application.retrieval.query import query_of
from domain.answers.understanding.following import goes_on_from
from domain.base.language import language_of


def looked_for(inquiry: Inquiry) -> str:
    if not inquiry.history:
        return query_of(inquiry.questions)
    language = language_of("\n".join(inquiry.questions)) or inquiry.memory.language or _before(inquiry)
    before = goes_on_from(inquiry.questions, inquiry.history, language)
    return query_of(inquiry.questions if before is None else (*inquiry.questions, before))


def _before(inquiry: Inquiry) -> str | None:
    """The language of what the customer wrote before."""
    said = [turn.text for turn in inquiry.history[-6:] if turn.role == "user"]
    return language_of("\n".join(said)) if said else None
