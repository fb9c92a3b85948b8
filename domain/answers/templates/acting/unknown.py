"""Told when nobody can tell whether an action was done."""

from __future__ import annotations

from domain.answers.templates.template import Template

ACTION_UNKNOWN = Template(
    name="action_unknown",
    version=1,
    told=True,
    texts={
        "en": "I cannot tell for sure whether that went through. A colleague is looking into it and will answer you here.",
        "de": "Ich kann nicht sicher sagen, ob das geklappt hat. Eine Kollegin oder ein Kollege prüft es und antwortet Ihnen hier.",
        "fr": "Je ne peux pas dire avec certitude si cela a abouti. Un collègue vérifie et vous répondra ici.",
        "es": "No puedo decir con seguridad si se ha realizado. Un compañero lo está comprobando y le responderá aquí.",
        "it": "Non posso dire con certezza se sia andato a buon fine. Un collega sta verificando e le risponderà qui.",
        "pt": "Não consigo dizer com certeza se isso foi feito. Um colega está a verificar e responde aqui.",
        "nl": "Ik kan niet met zekerheid zeggen of dat gelukt is. Een collega zoekt het uit en antwoordt u hier.",
        "pl": "Nie mogę z całą pewnością powiedzieć, czy to się udało. Sprawdza to współpracownik i odpowie tutaj.",
        "tr": "Bunun tamamlanıp tamamlanmadığını kesin olarak söyleyemiyorum. Bir çalışma arkadaşım inceliyor ve size buradan yanıt verecek.",
        "ru": "Не могу точно сказать, выполнено ли это. Коллега проверяет и ответит вам здесь.",
        "ar": "لا أستطيع الجزم بأن ذلك قد تم. يتحقق زميل من الأمر وسيرد عليكم هنا.",
    },
)
