"""Said behind an answer about something of the catalogue: what the business says goes with it."""

from __future__ import annotations

from domain.answers.templates.template import Template

GOES_WITH = Template(
    name="goes_with",
    version=1,
    told=True,
    texts={
        "en": "Goes well with {offer}: {suggested}.",
        "de": "Passt gut zu {offer}: {suggested}.",
        "fr": "Va bien avec {offer} : {suggested}.",
        "es": "Combina bien con {offer}: {suggested}.",
        "it": "Si abbina bene a {offer}: {suggested}.",
        "pt": "Combina bem com {offer}: {suggested}.",
        "nl": "Past goed bij {offer}: {suggested}.",
        "pl": "Dobrze pasuje do {offer}: {suggested}.",
        "tr": "{offer} ile iyi gider: {suggested}.",
        "ru": "Хорошо сочетается с {offer}: {suggested}.",
        "ar": "يتناسب جيدًا مع {offer}: {suggested}.",
    },
    known={
        "offer": "what the answer is about",
        "suggested": "the names of what is suggested, with their prices",
    },
    required=frozenset({"suggested"}),
)
