"""Short replies to what the agent has asked: yes, no, go on, start afresh. Data by language, and how they are told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from domain.gateway.complexity import fold

Reply = Literal["afresh", "no", "resume", "yes"]

LONGEST = 8
"""Words. Whoever writes more says something of their own."""

REPLIES: Mapping[Reply, tuple[str, ...]] = {
    "afresh": (
        *(
            "start afresh",
            "afresh",
            "start over",
            "start again",
            "something else",
            "new question",
            "new topic",
            "from scratch",
        ),
        *("neu anfangen", "von vorne", "von vorn", "neu", "etwas anderes", "neue frage", "anderes thema"),
        *("repartir de zero", "recommencer", "de zero", "autre chose", "nouvelle question"),
        *("empezar de nuevo", "empecemos de nuevo", "de nuevo", "otra cosa", "desde cero"),
        *("ricominciare", "ricominciamo", "da capo", "altra cosa", "qualcos'altro"),
        *("comecar de novo", "de novo", "outra coisa", "do zero"),
        *("opnieuw beginnen", "opnieuw", "iets anders", "nieuwe vraag"),
        *("od nowa", "zacznijmy od nowa", "cos innego", "nowe pytanie"),
        *("bastan", "bastan baslayalim", "baska bir sey", "yeni soru"),
        *("заново", "начнем заново", "сначала", "другой вопрос", "другое"),
        *("من جديد", "نبدأ من جديد", "شيء آخر", "سؤال آخر"),
    ),
    "resume": (
        *("go on", "continue", "carry on", "keep going", "where we were"),
        *("weitermachen", "weiter", "damit weiter", "fortfahren"),
        *("continuer", "on continue", "continuons", "poursuivre"),
        *("seguir", "seguimos", "sigamos", "continuar", "continuemos"),
        *("continuare", "continuiamo", "andiamo avanti", "prosegua"),
        *("continuamos", "vamos continuar", "continue"),
        *("verder", "doorgaan", "ga verder", "verdergaan"),
        *("kontynuuj", "kontynuujmy", "dalej", "kontynuowac"),
        *("devam", "devam edelim", "devam et"),
        *("продолжим", "продолжить", "дальше", "продолжай"),
        *("نتابع", "تابع", "أكمل", "لنتابع"),
    ),
    "no": (
        *("no", "nope", "nah", "not that", "wrong"),
        *("nein", "ne", "falsch", "nicht"),
        *("non", "pas ca"),
        *("no eso", "nao", "nee", "nie", "hayir", "нет", "не", "لا", "كلا"),
    ),
    "yes": (
        *("yes", "yeah", "yep", "yup", "sure", "right", "correct", "exactly", "ok", "okay", "please do"),
        *("ja", "genau", "richtig", "stimmt", "jawohl", "gerne", "gern"),
        *("oui", "exact", "exactement", "c'est ca", "d'accord"),
        *("si", "sí", "claro", "exacto", "correcto", "eso"),
        *("certo", "esatto", "giusto", "va bene"),
        *("sim", "isso", "certo", "exato"),
        *("klopt", "precies", "inderdaad"),
        *("tak", "zgadza sie", "dokladnie"),
        *("evet", "dogru", "aynen"),
        *("да", "верно", "именно", "точно"),
        *("نعم", "صحيح", "بالضبط", "أجل"),
    ),
}
"""In the order in which they are looked for: `no, start afresh` is no mere no."""


def reply_in(text: str) -> Reply | None:
    """What a short message replies; None: it is none, or says more."""
    words = _words(text)
    if not words or len(words) > LONGEST:
        return None
    for name, phrases in _FOLDED.items():
        if any(_stands(phrase, words, anywhere=name in ("afresh", "resume")) for phrase in phrases):
            return name
    return None


def _stands(phrase: tuple[str, ...], words: list[str], *, anywhere: bool) -> bool:
    """`yes` and `no` are replies where they come first alone."""
    if len(phrase) == 1 and not anywhere:
        return words[0] == phrase[0]
    return any(tuple(words[at : at + len(phrase)]) == phrase for at in range(len(words)))


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in fold(text)).split()


_FOLDED: Mapping[Reply, tuple[tuple[str, ...], ...]] = {
    name: tuple(tuple(_words(phrase)) for phrase in phrases) for name, phrases in REPLIES.items()
}
