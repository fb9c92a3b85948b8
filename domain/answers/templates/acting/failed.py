"""Told when an action was tried and was not done."""

from __future__ import annotations

from domain.answers.templates.template import Template

ACTION_FAILED = Template(
    name="action_failed",
    version=1,
    told=True,
    texts={
        "en": "I am sorry, that did not work just now. Nothing was changed.",
        "de": "Es tut mir leid, das hat gerade nicht geklappt. Es wurde nichts geändert.",
        "fr": "Désolé, cela n'a pas fonctionné. Rien n'a été modifié.",
        "es": "Lo siento, no ha funcionado. No se ha cambiado nada.",
        "it": "Mi dispiace, non ha funzionato. Non è stato cambiato nulla.",
        "pt": "Lamento, isso não funcionou. Nada foi alterado.",
        "nl": "Het spijt me, dat is niet gelukt. Er is niets gewijzigd.",
        "pl": "Przykro mi, to się nie udało. Nic nie zostało zmienione.",
        "tr": "Üzgünüm, bu şimdi olmadı. Hiçbir şey değiştirilmedi.",
        "ru": "К сожалению, сейчас это не получилось. Ничего не изменено.",
        "ar": "عذرًا، لم ينجح ذلك الآن. لم يتغير أي شيء.",
    },
)
