"""That no person could answer in time, and the agent is there again, said in the customer's language. Data: one line a language (ISO 639-1)."""

from __future__ import annotations

from collections.abc import Mapping

NOBODY_CAME = "I am sorry: none of my colleagues could answer you in time. I am here again; tell me what I can do for you."

NOBODY_CAME_IN: Mapping[str, str] = {
    "ar": "نأسف، لم يتمكن أي من زملائي من الرد عليك في الوقت المناسب. أنا هنا مجددًا، فأخبرني كيف يمكنني مساعدتك.",
    "cs": "Omlouvám se, žádný z mých kolegů vám nemohl včas odpovědět. Jsem tu zase já; napište mi, s čím mohu pomoci.",
    "da": "Beklager, ingen af mine kolleger kunne svare dig i tide. Jeg er her igen; skriv, hvad jeg kan hjælpe med.",
    "de": "Es tut mir leid, niemand aus dem Team konnte Ihnen rechtzeitig antworten. Ich bin wieder da; schreiben Sie mir, was ich für Sie tun kann.",
    "en": NOBODY_CAME,
    "es": "Lo siento, ninguno de mis compañeros ha podido responderle a tiempo. Vuelvo a estar aquí; dígame en qué puedo ayudarle.",
    "fi": "Pahoittelut, kukaan kollegoistani ei ehtinyt vastata sinulle ajoissa. Olen taas täällä; kerro, miten voin auttaa.",
    "fr": "Je suis désolé, aucun de mes collègues n'a pu vous répondre à temps. Je suis de nouveau là ; dites-moi ce que je peux faire pour vous.",
    "it": "Mi dispiace, nessuno dei miei colleghi è riuscito a risponderle in tempo. Sono di nuovo qui; mi dica come posso aiutarla.",
    "ja": "申し訳ございません。担当者が時間内にお答えできませんでした。再び自動アシスタントが承ります。ご用件をお知らせください。",
    "ko": "죄송합니다. 담당자가 제시간에 답변드리지 못했습니다. 다시 제가 도와드리겠습니다. 무엇을 도와드릴까요?",
    "nl": "Het spijt me, geen van mijn collega's kon u op tijd antwoorden. Ik ben er weer; laat me weten wat ik voor u kan doen.",
    "no": "Beklager, ingen av kollegene mine kunne svare deg i tide. Jeg er her igjen; skriv hva jeg kan hjelpe med.",
    "pl": "Przepraszam, nikt z moich współpracowników nie mógł odpowiedzieć na czas. Znów tu jestem; proszę napisać, w czym mogę pomóc.",
    "pt": "Lamento, nenhum dos meus colegas conseguiu responder a tempo. Estou aqui de novo; diga-me em que posso ajudar.",
    "ru": "К сожалению, никто из моих коллег не смог ответить вам вовремя. Я снова здесь; напишите, чем я могу помочь.",
    "sv": "Tyvärr kunde ingen av mina kollegor svara dig i tid. Jag är här igen; skriv vad jag kan hjälpa till med.",
    "tr": "Üzgünüm, hiçbir çalışma arkadaşım size zamanında yanıt veremedi. Yeniden buradayım; size nasıl yardımcı olabileceğimi yazın.",
    "uk": "На жаль, ніхто з моїх колег не зміг відповісти вам вчасно. Я знову тут; напишіть, чим я можу допомогти.",
    "zh": "很抱歉，我的同事未能及时回复您。我又回来了，请告诉我需要什么帮助。",
}
