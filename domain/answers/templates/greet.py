"""Said to a customer who is back after a pause, before the answer or alone."""

from __future__ import annotations

from domain.answers.templates.template import Template

GREET = Template(
    name="greet",
    version=1,
    told=True,
    texts={
        "en": "Welcome back! Last time it was about “{topic}”. Shall we go on with that, or start afresh?",
        "de": "Schön, dass Sie wieder da sind! Zuletzt ging es um „{topic}“. Machen wir damit weiter, oder fangen wir neu an?",
        "fr": "Heureux de vous revoir ! La dernière fois, il s'agissait de « {topic} ». On continue, ou on repart de zéro ?",
        "es": "¡Qué bien que haya vuelto! La última vez hablamos de «{topic}». ¿Seguimos con eso o empezamos de nuevo?",
        "it": "Bentornato! L'ultima volta si parlava di «{topic}». Continuiamo da lì o ricominciamo da capo?",
        "pt": "Que bom tê-lo de volta! Da última vez falámos de «{topic}». Continuamos ou começamos de novo?",
        "nl": "Fijn dat u er weer bent! De vorige keer ging het over “{topic}”. Gaan we daarmee verder, of beginnen we opnieuw?",
        "pl": "Miło znów Państwa widzieć! Ostatnio chodziło o „{topic}”. Kontynuujemy czy zaczynamy od nowa?",
        "tr": "Tekrar hoş geldiniz! Geçen sefer konu “{topic}” idi. Devam edelim mi, yoksa baştan mı başlayalım?",
        "ru": "Рады видеть вас снова! В прошлый раз речь шла о «{topic}». Продолжим или начнём заново?",
        "ar": "أهلًا بعودتكم! تحدثنا في المرة السابقة عن «{topic}». هل نتابع أم نبدأ من جديد؟",
    },
    known={"topic": "what it was about"},
    required=frozenset({"topic"}),
)
