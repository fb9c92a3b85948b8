"""Said to a returning customer who wants to start afresh."""

from __future__ import annotations

from domain.answers.templates.template import Template

AFRESH = Template(
    name="afresh",
    version=1,
    told=True,
    texts={
        "en": "All right, we start afresh. What can I do for you?",
        "de": "Gut, wir fangen neu an. Was kann ich für Sie tun?",
        "fr": "Très bien, on repart de zéro. Que puis-je faire pour vous ?",
        "es": "De acuerdo, empezamos de nuevo. ¿En qué puedo ayudarle?",
        "it": "Va bene, ricominciamo da capo. Come posso aiutarla?",
        "pt": "Muito bem, começamos de novo. Em que posso ajudar?",
        "nl": "Goed, we beginnen opnieuw. Wat kan ik voor u doen?",
        "pl": "Dobrze, zaczynamy od nowa. W czym mogę pomóc?",
        "tr": "Peki, baştan başlıyoruz. Size nasıl yardımcı olabilirim?",
        "ru": "Хорошо, начнём заново. Чем могу помочь?",
        "ar": "حسنًا، نبدأ من جديد. كيف يمكنني مساعدتكم؟",
    },
)
