"""Said to a returning customer who wants to go on."""

from __future__ import annotations

from domain.answers.templates.template import Template

RESUME = Template(
    name="resume",
    version=1,
    told=True,
    texts={
        "en": "Gladly. What would you like to know about “{topic}”?",
        "de": "Gern. Was möchten Sie zu „{topic}“ wissen?",
        "fr": "Avec plaisir. Que souhaitez-vous savoir sur « {topic} » ?",
        "es": "Con gusto. ¿Qué desea saber sobre «{topic}»?",
        "it": "Volentieri. Che cosa desidera sapere su «{topic}»?",
        "pt": "Com todo o gosto. O que gostaria de saber sobre «{topic}»?",
        "nl": "Graag. Wat wilt u weten over “{topic}”?",
        "pl": "Chętnie. Co chcieliby Państwo wiedzieć o „{topic}”?",
        "tr": "Memnuniyetle. “{topic}” hakkında ne bilmek istersiniz?",
        "ru": "С удовольствием. Что вы хотели бы узнать о «{topic}»?",
        "ar": "بكل سرور. ماذا تودون معرفته عن «{topic}»؟",
    },
    known={"topic": "what it was about"},
    required=frozenset({"topic"}),
)
