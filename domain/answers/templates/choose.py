"""Asked where several offers may be meant, and none more than the others."""

from __future__ import annotations

from domain.answers.templates.template import Template

CHOOSE = Template(
    name="choose",
    version=1,
    told=True,
    texts={
        "en": "Which one do you mean?\n{choices}",
        "de": "Welches meinen Sie?\n{choices}",
        "fr": "Lequel voulez-vous dire ?\n{choices}",
        "es": "¿A cuál se refiere?\n{choices}",
        "it": "Quale intende?\n{choices}",
        "pt": "A qual se refere?\n{choices}",
        "nl": "Welke bedoelt u?\n{choices}",
        "pl": "O który chodzi?\n{choices}",
        "tr": "Hangisini kastediyorsunuz?\n{choices}",
        "ru": "Что именно вы имеете в виду?\n{choices}",
        "ar": "أيّها تقصدون؟\n{choices}",
    },
    known={"choices": "the names of what may be meant, one a line, with their numbers"},
    required=frozenset({"choices"}),
)
