"""That a machine answers (EU AI Act, Art. 50), said in the customer's language. Data: one line a language (ISO 639-1)."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH = "You are talking to an automated assistant."

DISCLOSURES: Mapping[str, str] = {
    "ar": "أنت تتحدث إلى مساعد آلي.",
    "cs": "Mluvíte s automatickým asistentem.",
    "da": "Du taler med en automatisk assistent.",
    "de": "Sie schreiben mit einem automatischen Assistenten.",
    "en": ENGLISH,
    "es": "Está hablando con un asistente automático.",
    "fi": "Keskustelet automaattisen avustajan kanssa.",
    "fr": "Vous parlez à un assistant automatique.",
    "it": "Sta parlando con un assistente automatico.",
    "ja": "自動アシスタントがお答えしています。",
    "ko": "자동 응답 도우미와 대화하고 계십니다.",
    "nl": "U praat met een geautomatiseerde assistent.",
    "no": "Du snakker med en automatisk assistent.",
    "pl": "To jest rozmowa z automatycznym asystentem.",
    "pt": "Esta conversa é com um assistente automático.",
    "ru": "Вы общаетесь с автоматическим помощником.",
    "sv": "Du pratar med en automatisk assistent.",
    "tr": "Otomatik bir asistanla konuşuyorsunuz.",
    "uk": "Ви спілкуєтеся з автоматичним помічником.",
    "zh": "您正在与自动助手对话。",
}
