"""Said behind an answer about something of the catalogue: what other customers have bought or booked with it."""

from __future__ import annotations

from domain.answers.templates.template import Template

BOUGHT_TOGETHER = Template(
    name="bought_together",
    version=1,
    told=True,
    texts={
        "en": "Often bought together with {offer}: {suggested}.",
        "de": "Wird oft zusammen mit {offer} gekauft: {suggested}.",
        "fr": "Souvent acheté avec {offer} : {suggested}.",
        "es": "A menudo se compra junto con {offer}: {suggested}.",
        "it": "Spesso acquistato insieme a {offer}: {suggested}.",
        "pt": "Muitas vezes comprado com {offer}: {suggested}.",
        "nl": "Vaak samen gekocht met {offer}: {suggested}.",
        "pl": "Często kupowane razem z {offer}: {suggested}.",
        "tr": "{offer} ile birlikte sıkça alınır: {suggested}.",
        "ru": "Часто покупают вместе с {offer}: {suggested}.",
        "ar": "غالبًا ما يُشترى مع {offer}: {suggested}.",
    },
    known={
        "offer": "what the answer is about",
        "suggested": "the names of what is suggested, with their prices",
    },
    required=frozenset({"suggested"}),
)
