"""Told when the customer consents to an action after the time for that has passed."""

from __future__ import annotations

from domain.answers.templates.template import Template

ACTION_LATE = Template(
    name="action_late",
    version=1,
    told=True,
    texts={
        "en": "That was a while ago, so I have not done it. Please tell me again what you would like.",
        "de": "Das ist schon eine Weile her, deshalb habe ich es nicht gemacht. Bitte sagen Sie mir noch einmal, was Sie möchten.",
        "fr": "Cela fait un moment, je ne l'ai donc pas fait. Dites-moi à nouveau ce que vous souhaitez, s'il vous plaît.",
        "es": "Ha pasado un tiempo, así que no lo he hecho. Dígame de nuevo qué desea, por favor.",
        "it": "È passato del tempo, quindi non l'ho fatto. Mi dica di nuovo che cosa desidera, per favore.",
        "pt": "Já passou algum tempo, por isso não o fiz. Diga-me de novo o que pretende, por favor.",
        "nl": "Dat is een tijd geleden, dus ik heb het niet gedaan. Zegt u alstublieft opnieuw wat u wilt.",
        "pl": "Minęło trochę czasu, więc tego nie zrobiłem. Proszę napisać jeszcze raz, czego Państwo potrzebują.",
        "tr": "Üzerinden zaman geçtiği için bunu yapmadım. Lütfen ne istediğinizi tekrar yazın.",
        "ru": "Прошло время, поэтому я этого не сделал. Напишите, пожалуйста, ещё раз, что вам нужно.",
        "ar": "مضى وقت على ذلك، لذا لم أقم به. يرجى إخباري مرة أخرى بما تريدون.",
    },
)
