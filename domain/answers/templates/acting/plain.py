"""Told when an action is done, and there is nothing more to say of it."""

from __future__ import annotations

from domain.answers.templates.template import Template

ACTION_PLAIN = Template(
    name="action_plain",
    version=1,
    told=True,
    texts={
        "en": "That is done.",
        "de": "Das ist erledigt.",
        "fr": "C'est fait.",
        "es": "Ya está hecho.",
        "it": "Fatto.",
        "pt": "Está feito.",
        "nl": "Dat is gedaan.",
        "pl": "Gotowe.",
        "tr": "Tamamlandı.",
        "ru": "Готово.",
        "ar": "تم ذلك.",
    },
)
