"""Told when an action needs an operator's consent first."""

from __future__ import annotations

from domain.answers.templates.template import Template

ACTION_WAITING = Template(
    name="action_waiting",
    version=1,
    told=True,
    texts={
        "en": "A colleague has to approve this first. I have passed it on and you will hear from us here.",
        "de": "Das muss zuerst eine Kollegin oder ein Kollege freigeben. Ich habe es weitergegeben; Sie hören hier von uns.",
        "fr": "Un collègue doit d'abord l'approuver. J'ai transmis la demande et vous aurez une réponse ici.",
        "es": "Un compañero tiene que aprobarlo primero. Lo he transmitido y le responderemos aquí.",
        "it": "Un collega deve prima approvarlo. L'ho inoltrato e riceverà risposta qui.",
        "pt": "Um colega tem de aprovar isto primeiro. Já encaminhei o pedido e respondemos aqui.",
        "nl": "Een collega moet dit eerst goedkeuren. Ik heb het doorgegeven; u hoort hier van ons.",
        "pl": "Najpierw musi to zatwierdzić współpracownik. Przekazałem sprawę; odpowiedź przyjdzie tutaj.",
        "tr": "Bunu önce bir çalışma arkadaşımın onaylaması gerekiyor. İlettim; size buradan yazacağız.",
        "ru": "Сначала это должен одобрить коллега. Я передал запрос, ответ придёт сюда.",
        "ar": "يجب أن يوافق زميل على ذلك أولاً. لقد أحلت الطلب وسنرد عليكم هنا.",
    },
)
