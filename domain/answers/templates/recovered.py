"""Said before the answer to a question that was left unanswered."""

from __future__ import annotations

from domain.answers.templates.template import Template

RECOVERED = Template(
    name="recovered",
    version=1,
    told=True,
    texts={
        "en": "You're right, I'm sorry: I still owe you an answer to “{question}”.",
        "de": "Sie haben recht, entschuldigen Sie bitte: Auf „{question}“ schulde ich Ihnen noch eine Antwort.",
        "fr": "Vous avez raison, toutes mes excuses : je vous dois encore une réponse à « {question} ».",
        "es": "Tiene razón, disculpe: todavía le debo una respuesta a «{question}».",
        "it": "Ha ragione, mi scusi: le devo ancora una risposta a «{question}».",
        "pt": "Tem razão, peço desculpa: ainda lhe devo uma resposta a «{question}».",
        "nl": "U hebt gelijk, excuses: op “{question}” ben ik u nog een antwoord schuldig.",
        "pl": "Mają Państwo rację, przepraszam: nadal jestem winien odpowiedź na „{question}”.",
        "tr": "Haklısınız, özür dilerim: “{question}” sorunuza hâlâ yanıt borçluyum.",
        "ru": "Вы правы, извините: я всё ещё не ответил на «{question}».",
        "ar": "معكم حق، أعتذر: ما زلت مدينًا لكم بجواب عن «{question}».",
    },
    known={"question": "what was asked"},
    required=frozenset({"question"}),
)
