"""Told when the customer does not want an action to be done."""

from __future__ import annotations

from domain.answers.templates.template import Template

ACTION_DECLINED = Template(
    name="action_declined",
    version=1,
    told=True,
    texts={
        "en": "All right, I have not done it.",
        "de": "In Ordnung, ich habe es nicht gemacht.",
        "fr": "D'accord, je ne l'ai pas fait.",
        "es": "De acuerdo, no lo he hecho.",
        "it": "Va bene, non l'ho fatto.",
        "pt": "Está bem, não o fiz.",
        "nl": "Goed, ik heb het niet gedaan.",
        "pl": "Dobrze, nie zrobiłem tego.",
        "tr": "Tamam, bunu yapmadım.",
        "ru": "Хорошо, я этого не делал.",
        "ar": "حسنًا، لم أقم بذلك.",
    },
)
