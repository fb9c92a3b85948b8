"""A request for a person, from 0 to 1. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import OSA

from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.words.person import NOT, PERSON

_TABLES = Tables({"person": PERSON, "not": NOT})
ASKED = 0.9

MISTYPED: dict[str, tuple[str, ...]] = {
    "en": (
        "person",
        "human",
        "agent",
        "someone",
        "somebody",
        "operator",
        "representative",
        "speak",
        "contact",
    ),
    "de": ("mitarbeiter", "menschen", "sprechen", "jemandem", "berater"),
    "fr": ("conseiller", "humain", "personne", "parler", "quelqu"),
    "es": ("persona", "humano", "agente", "asesor", "hablar", "alguien"),
    "it": ("persona", "umano", "operatore", "parlare", "qualcuno"),
    "pt": ("pessoa", "humano", "atendente", "falar", "alguem"),
    "nl": ("medewerker", "persoon", "iemand", "spreken"),
    "pl": ("czlowiekiem", "konsultantem", "rozmawiac"),
    "tr": ("temsilci", "yetkili", "insan"),
    "ru": ("человеком", "оператором", "поговорить"),
}
"""Words that are found with one letter wrong, too: who asks for a person is often in no mood to look."""

SHORTEST = 4
"""Letters of a word that may be mistyped."""


def wants_person(words: Sequence[str], language: str | None) -> tuple[float, str | None]:
    """And the words that say it."""
    read = [_meant(word, language) for word in words]
    found = _TABLES.of(language).find(read)
    barred = [(each.first, each.last) for each in found if each.label == "not"]
    for each in found:
        if each.label == "person" and not any(
            first < each.last and each.first < last for first, last in barred
        ):
            return ASKED, " ".join(words[each.first : each.last])
    return 0.0, None


def _meant(word: str, language: str | None) -> str:
    if len(word) < SHORTEST:
        return word
    for meant in MISTYPED.get(language or "en", ()):
        if abs(len(meant) - len(word)) <= 1 and OSA.distance(word, meant, score_cutoff=1) <= 1:
            return meant
    return word
