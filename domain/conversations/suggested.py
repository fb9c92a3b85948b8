"""Suggestions as buttons under an answer, and a yes and a no under a question for the customer's consent. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.suggesting.reactions import button_id
from domain.answers.suggesting.suggest import Suggested
from domain.conversations.rich import LONGEST_BUTTON, Option, QuickReplies, units

CHANNELS = frozenset({"whatsapp"})
"""Those that have buttons."""


YES_NO = {
    "en": ("Yes", "No"),
    "de": ("Ja", "Nein"),
    "fr": ("Oui", "Non"),
    "es": ("Sí", "No"),
    "it": ("Sì", "No"),
    "pt": ("Sim", "Não"),
    "nl": ("Ja", "Nee"),
    "pl": ("Tak", "Nie"),
    "tr": ("Evet", "Hayır"),
    "ru": ("Да", "Нет"),
    "ar": ("نعم", "لا"),
}
"""Language → titles of the buttons; pressed, they are read as any reply (domain/answers/replies.py)."""


def consent_buttons(text: str, language: str | None) -> QuickReplies | None:
    """None where they do not fit: then the text alone asks."""
    titles = YES_NO.get(language or "", YES_NO["en"])
    form = QuickReplies(body=text, options=tuple(Option(title=title) for title in titles))
    return form if form.problem() is None else None


def suggestion_buttons(text: str, offers: Sequence[Suggested]) -> QuickReplies | None:
    """Under the answer's whole `text`, one for each. None where they do not fit: then the text alone tells of them."""
    form = QuickReplies(body=text, options=suggestion_options(offers))
    return form if offers and form.problem() is None else None


def suggestion_options(offers: Sequence[Suggested]) -> tuple[Option, ...]:
    return tuple(Option(title=_title(each.name), id=button_id(each.offer)) for each in offers)


def _title(name: str) -> str:
    """As much of a name as a button takes."""
    line = " ".join(name.split())
    if units(line) <= LONGEST_BUTTON:
        return line
    while units(line) > LONGEST_BUTTON - 1:
        line = line[:-1]
    return f"{line.rstrip()}…"
