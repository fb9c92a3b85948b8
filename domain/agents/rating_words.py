"""What a customer is asked about an answer, and told when they have said it, in their language. Data: one entry a language (ISO 639-1).

Buttons have at most 20 UTF-16 units, as WhatsApp takes them.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class RatingWords(msgspec.Struct, frozen=True):
    """The question with its three buttons: it helped, it did not, `stop` asking. `thanks`: for a rating; `stopped`: they are asked no more; `late`: the
    answer can't be rated any more."""

    question: str
    yes: str
    no: str
    stop: str
    thanks: str
    stopped: str
    late: str


ENGLISH = RatingWords(
    "Did this help you?",
    "Yes",
    "No",
    "Don't ask again",
    "Thank you, that helps us to get better.",
    "All right, I won't ask any more.",
    "Thank you. This answer is too old to be rated.",
)

RATING_WORDS: Mapping[str, RatingWords] = {
    "ar": RatingWords(
        "هل أفادك هذا الرد؟",
        "نعم",
        "لا",
        "لا تسأل مجددًا",
        "شكرًا لك، هذا يساعدنا على التحسن.",
        "حسنًا، لن أسأل مجددًا.",
        "شكرًا لك. لم يعد من الممكن تقييم هذا الرد.",
    ),
    "cs": RatingWords(
        "Pomohlo vám to?",
        "Ano",
        "Ne",
        "Už se neptat",
        "Děkujeme, pomáhá nám to zlepšovat se.",
        "Dobře, už se nebudu ptát.",
        "Děkujeme. Tuto odpověď už nelze hodnotit.",
    ),
    "da": RatingWords(
        "Hjalp det dig?",
        "Ja",
        "Nej",
        "Spørg ikke igen",
        "Tak, det hjælper os med at blive bedre.",
        "Det er i orden, jeg spørger ikke igen.",
        "Tak. Dette svar kan ikke længere bedømmes.",
    ),
    "de": RatingWords(
        "Hat Ihnen das geholfen?",
        "Ja",
        "Nein",
        "Nicht mehr fragen",
        "Vielen Dank, das hilft uns, besser zu werden.",
        "In Ordnung, ich frage nicht mehr.",
        "Vielen Dank. Diese Antwort kann nicht mehr bewertet werden.",
    ),
    "en": ENGLISH,
    "es": RatingWords(
        "¿Le ha sido útil?",
        "Sí",
        "No",
        "No preguntar más",
        "Gracias, nos ayuda a mejorar.",
        "De acuerdo, no volveré a preguntar.",
        "Gracias. Esta respuesta ya no se puede valorar.",
    ),
    "fi": RatingWords(
        "Oliko tästä apua?",
        "Kyllä",
        "Ei",
        "Älä kysy enää",
        "Kiitos, tämä auttaa meitä kehittymään.",
        "Selvä, en kysy enää.",
        "Kiitos. Tätä vastausta ei voi enää arvioida.",
    ),
    "fr": RatingWords(
        "Cette réponse vous a-t-elle aidé ?",
        "Oui",
        "Non",
        "Ne plus demander",
        "Merci, cela nous aide à progresser.",
        "C'est noté, je ne demanderai plus.",
        "Merci. Cette réponse ne peut plus être évaluée.",
    ),
    "it": RatingWords(
        "Le è stato utile?",
        "Sì",
        "No",
        "Non chiedere più",
        "Grazie, ci aiuta a migliorare.",
        "Va bene, non lo chiederò più.",
        "Grazie. Questa risposta non può più essere valutata.",
    ),
    "ja": RatingWords(
        "この回答はお役に立ちましたか？",
        "はい",
        "いいえ",
        "今後は尋ねない",
        "ご協力ありがとうございます。改善に役立てます。",
        "承知しました。今後はお尋ねしません。",
        "ありがとうございます。この回答の評価期間は終了しました。",
    ),
    "ko": RatingWords(
        "도움이 되셨나요?",
        "예",
        "아니요",
        "다시 묻지 않기",
        "감사합니다. 더 나은 답변을 드리는 데 도움이 됩니다.",
        "알겠습니다. 다시 묻지 않겠습니다.",
        "감사합니다. 이 답변은 더 이상 평가할 수 없습니다.",
    ),
    "nl": RatingWords(
        "Heeft dit u geholpen?",
        "Ja",
        "Nee",
        "Niet meer vragen",
        "Bedankt, dat helpt ons beter te worden.",
        "Goed, ik vraag het niet meer.",
        "Bedankt. Dit antwoord kan niet meer worden beoordeeld.",
    ),
    "no": RatingWords(
        "Var dette til hjelp?",
        "Ja",
        "Nei",
        "Ikke spør igjen",
        "Takk, det hjelper oss å bli bedre.",
        "Greit, jeg spør ikke igjen.",
        "Takk. Dette svaret kan ikke lenger vurderes.",
    ),
    "pl": RatingWords(
        "Czy to pomogło?",
        "Tak",
        "Nie",
        "Nie pytaj więcej",
        "Dziękujemy, to pomaga nam się rozwijać.",
        "Dobrze, nie będę więcej pytać.",
        "Dziękujemy. Tej odpowiedzi nie można już ocenić.",
    ),
    "pt": RatingWords(
        "Isto foi útil?",
        "Sim",
        "Não",
        "Não perguntar mais",
        "Obrigado, isso ajuda-nos a melhorar.",
        "Está bem, não volto a perguntar.",
        "Obrigado. Esta resposta já não pode ser avaliada.",
    ),
    "ru": RatingWords(
        "Этот ответ вам помог?",
        "Да",
        "Нет",
        "Больше не спрашивать",
        "Спасибо, это помогает нам стать лучше.",
        "Хорошо, больше не буду спрашивать.",
        "Спасибо. Этот ответ уже нельзя оценить.",
    ),
    "sv": RatingWords(
        "Var det här till hjälp?",
        "Ja",
        "Nej",
        "Fråga inte igen",
        "Tack, det hjälper oss att bli bättre.",
        "Okej, jag frågar inte igen.",
        "Tack. Det här svaret kan inte längre betygsättas.",
    ),
    "tr": RatingWords(
        "Bu size yardımcı oldu mu?",
        "Evet",
        "Hayır",
        "Bir daha sorma",
        "Teşekkürler, gelişmemize yardımcı oluyor.",
        "Tamam, bir daha sormayacağım.",
        "Teşekkürler. Bu yanıt artık değerlendirilemez.",
    ),
    "uk": RatingWords(
        "Ця відповідь вам допомогла?",
        "Так",
        "Ні",
        "Більше не питати",
        "Дякуємо, це допомагає нам ставати кращими.",
        "Добре, більше не питатиму.",
        "Дякуємо. Цю відповідь уже не можна оцінити.",
    ),
    "zh": RatingWords(
        "这个回答对您有帮助吗？",
        "有",
        "没有",
        "不再询问",
        "谢谢，这有助于我们改进。",
        "好的，以后不再询问。",
        "谢谢。这条回答已不能再评价。",
    ),
}


def rating_words(language: str | None) -> RatingWords:
    """None: the language can't be told."""
    return RATING_WORDS.get(language or "", ENGLISH)
