"""Asked where a word may mean something of the business, and it is not sure what."""

from __future__ import annotations

from domain.answers.templates.template import Template

ASK_BACK = Template(
    name="ask_back",
    version=1,
    told=True,
    texts={
        "en": "Just to be sure: do you mean {meant}?",
        "de": "Nur zur Sicherheit: Meinen Sie {meant}?",
        "fr": "Pour être sûr : voulez-vous dire {meant} ?",
        "es": "Solo para asegurarme: ¿se refiere a {meant}?",
        "it": "Giusto per essere sicuri: intende {meant}?",
        "pt": "Só para ter a certeza: refere-se a {meant}?",
        "nl": "Voor de zekerheid: bedoelt u {meant}?",
        "pl": "Dla pewności: czy chodzi o {meant}?",
        "tr": "Emin olmak için: {meant} mi demek istiyorsunuz?",
        "ru": "На всякий случай уточню: вы имеете в виду {meant}?",
        "ar": "للتأكد فقط: هل تقصدون {meant}؟",
    },
    known={"meant": "the name, or names, that may be meant"},
    required=frozenset({"meant"}),
)
