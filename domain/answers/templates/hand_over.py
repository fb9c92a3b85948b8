"""Said where a person takes over."""

from __future__ import annotations

from domain.answers.templates.template import Template

HAND_OVER = Template(
    name="hand_over",
    version=1,
    told=True,
    texts={
        "en": "I'm passing this on to a colleague, who will get back to you here.",
        "de": "Ich gebe das an eine Kollegin oder einen Kollegen weiter. Sie bekommen hier eine Antwort.",
        "fr": "Je transmets votre demande à un collègue, qui vous répondra ici.",
        "es": "Paso su consulta a un compañero, que le responderá aquí.",
        "it": "Passo la sua richiesta a un collega, che le risponderà qui.",
        "pt": "Vou passar o seu pedido a um colega, que lhe responderá aqui.",
        "nl": "Ik geef dit door aan een collega, die u hier antwoord geeft.",
        "pl": "Przekazuję sprawę współpracownikowi, który odpowie Państwu tutaj.",
        "tr": "Talebinizi bir çalışma arkadaşıma iletiyorum; size buradan dönüş yapacak.",
        "ru": "Передаю ваш вопрос коллеге, вам ответят здесь.",
        "ar": "سأحيل طلبكم إلى أحد الزملاء، وسيرد عليكم هنا.",
    },
)
