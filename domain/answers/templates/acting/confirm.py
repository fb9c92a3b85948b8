"""Asked before an action that needs the customer's consent."""

from __future__ import annotations

from domain.answers.templates.template import Template

ACTION_CONFIRM = Template(
    name="action_confirm",
    version=1,
    told=True,
    texts={
        "en": "I am about to do this for you:\n{what}\nShall I go ahead? Please answer yes or no.",
        "de": "Ich würde jetzt Folgendes für Sie tun:\n{what}\nSoll ich das machen? Bitte antworten Sie mit Ja oder Nein.",
        "fr": "Je m'apprête à faire ceci pour vous :\n{what}\nDois-je continuer ? Répondez par oui ou non, s'il vous plaît.",
        "es": "Voy a hacer lo siguiente por usted:\n{what}\n¿Sigo adelante? Responda sí o no, por favor.",
        "it": "Sto per fare questo per lei:\n{what}\nProcedo? Risponda sì o no, per favore.",
        "pt": "Vou fazer o seguinte por si:\n{what}\nPosso avançar? Responda sim ou não, por favor.",
        "nl": "Ik ga dit voor u doen:\n{what}\nZal ik doorgaan? Antwoord alstublieft met ja of nee.",
        "pl": "Zamierzam zrobić dla Państwa:\n{what}\nCzy mam to zrobić? Proszę odpowiedzieć tak lub nie.",
        "tr": "Sizin için şunu yapacağım:\n{what}\nDevam edeyim mi? Lütfen evet ya da hayır yazın.",
        "ru": "Я собираюсь сделать для вас следующее:\n{what}\nПродолжать? Ответьте, пожалуйста, да или нет.",
        "ar": "سأقوم لكم بما يلي:\n{what}\nهل أتابع؟ يرجى الإجابة بنعم أو لا.",
    },
    known={"what": "what is about to be done, by the action's own wording"},
    required=frozenset({"what"}),
)
