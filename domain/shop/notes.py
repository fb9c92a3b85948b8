"""Notes: what a customer has said to a booking or an order, lent under the key of their conversation, and None once they were erased. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from domain.base.aggregate import Quote


def lent_note(conversation: UUID, note: str | None) -> tuple[Quote, ...]:
    return () if note is None else (Quote(subject=conversation, place=0, texts=(note,)),)


def note_in(lent: Sequence[Quote]) -> str | None:
    return next((each.texts[0] for each in lent if each.texts), None)
