"""What the built-in provider says where it quotes nothing: a greeting, and that it has found nothing, or not all. In the customer's language."""

from __future__ import annotations

import re
from typing import NamedTuple


class Words(NamedTuple):
    hello: str
    nothing: str
    not_all: str


ENGLISH = Words(
    "Hello! How can I help you?",
    "I could not find this in the documents I have.",
    "I could not find an answer to the rest in the documents I have.",
)

WORDS = {
    "de": Words(
        "Hallo! Wie kann ich Ihnen helfen?",
        "Dazu habe ich in meinen Unterlagen nichts gefunden.",
        "Zum Rest habe ich in meinen Unterlagen nichts gefunden.",
    ),
    "fr": Words(
        "Bonjour ! Comment puis-je vous aider ?",
        "Je n'ai rien trouvé à ce sujet dans mes documents.",
        "Pour le reste, je n'ai rien trouvé dans mes documents.",
    ),
    "es": Words(
        "¡Hola! ¿En qué puedo ayudarle?",
        "No he encontrado nada sobre esto en mis documentos.",
        "Sobre lo demás no he encontrado nada en mis documentos.",
    ),
    "it": Words(
        "Buongiorno! Come posso aiutarla?",
        "Non ho trovato nulla a questo proposito nei miei documenti.",
        "Per il resto non ho trovato nulla nei miei documenti.",
    ),
    "pt": Words(
        "Olá! Como posso ajudar?",
        "Não encontrei nada sobre isto nos meus documentos.",
        "Sobre o resto não encontrei nada nos meus documentos.",
    ),
    "nl": Words(
        "Hallo! Hoe kan ik u helpen?",
        "Ik heb hierover niets gevonden in mijn documenten.",
        "Over de rest heb ik niets gevonden in mijn documenten.",
    ),
    "pl": Words(
        "Dzień dobry! W czym mogę pomóc?",
        "Nie znalazłem na ten temat nic w moich dokumentach.",
        "Na temat reszty nie znalazłem nic w moich dokumentach.",
    ),
    "tr": Words(
        "Merhaba! Size nasıl yardımcı olabilirim?",
        "Belgelerimde bununla ilgili bir şey bulamadım.",
        "Geri kalanı için belgelerimde bir şey bulamadım.",
    ),
    "ru": Words(
        "Здравствуйте! Чем могу помочь?",
        "В моих документах об этом ничего не нашлось.",
        "Об остальном в моих документах ничего не нашлось.",
    ),
    "ar": Words(
        "مرحبا! كيف يمكنني مساعدتك؟",
        "لم أجد شيئا عن هذا في مستنداتي.",
        "لم أجد شيئا عن الباقي في مستنداتي.",
    ),
    "ja": Words(
        "こんにちは。どのようなご用件でしょうか。",
        "手元の資料には、この件について見つかりませんでした。",
        "残りについては、手元の資料に見つかりませんでした。",
    ),
}
"""By language; English for all others, and where it can't be told."""


def words_for(language: str | None) -> Words:
    return WORDS.get(language or "", ENGLISH)


GREETINGS = {
    "en": "hi|hello|hey|good (?:morning|day|afternoon|evening)",
    "de": "hallo|guten (?:morgen|tag|abend)",
    "fr": "bonjour|bonsoir|salut",
    "es": "hola|buen(?:os|as) (?:días|dias|tardes|noches)",
    "it": "ciao|buongiorno|buonasera",
    "pt": "olá|bom dia|boa (?:tarde|noite)",
    "nl": "goede(?:morgen|middag|navond)",
    "pl": "cześć|dzień dobry",
    "tr": "merhaba|selam",
    "ru": "привет|здравствуйте|добрый (?:день|вечер)",
    "ar": "مرحبا|أهلا",
}
"""Language → how one greets in it, as a pattern of whole words."""


def greeted_in(text: str) -> str | None:
    """The language of the greeting in a text that is too short to tell it otherwise."""
    for language, words in GREETINGS.items():
        if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE):
            return language
    return None
