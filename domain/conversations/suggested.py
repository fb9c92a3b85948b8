"""Suggestions as buttons under an answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.suggesting.reactions import button_id
from domain.answers.suggesting.suggest import Suggested
from domain.conversations.rich import LONGEST_BUTTON, Option, QuickReplies, units

CHANNELS = frozenset({"whatsapp"})
"""Those that have buttons."""


def suggestion_buttons(text: str, offers: Sequence[Suggested]) -> QuickReplies | None:
    """Under the answer's whole `text`, one for each. None where they do not fit: then the text alone tells of them."""
    form = QuickReplies(
        body=text, options=tuple(Option(title=_title(each.name), id=button_id(each.offer)) for each in offers)
    )
    return form if offers and form.problem() is None else None


def _title(name: str) -> str:
    """As much of a name as a button takes."""
    line = " ".join(name.split())
    if units(line) <= LONGEST_BUTTON:
        return line
    while units(line) > LONGEST_BUTTON - 1:
        line = line[:-1]
    return f"{line.rstrip()}…"
