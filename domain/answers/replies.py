"""Short replies to what the agent has asked: yes, no, go on, start afresh. Data by language, and how they are told. Pure.

A message is a reply where it is nothing else: whoever writes more says something of their own, which is not to be lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from domain.gateway.complexity import fold

Reply = Literal["afresh", "no", "resume", "yes"]

REPLIES: Mapping[Reply, tuple[str, ...]] = {
    "afresh": (
        *(
            "start afresh",
            "afresh",
            "start over",
            "start again",
            "something else",
            "something new",
            "something different",
            "start something new",
            "new question",
            "new topic",
            "from scratch",
        ),
        *(
            "neu anfangen",
            "von vorne",
            "von vorn",
            "neu",
            "etwas anderes",
            "neue frage",
            "anderes thema",
            "etwas neues",
        ),
        *(
            "repartir de zero",
            "recommencer",
            "de zero",
            "autre chose",
            "nouvelle question",
            "quelque chose de nouveau",
        ),
        *(
            "empezar de nuevo",
            "empecemos de nuevo",
            "de nuevo",
            "otra cosa",
            "desde cero",
            "algo nuevo",
            "nueva pregunta",
        ),
        *(
            "ricominciare",
            "ricominciamo",
            "da capo",
            "altra cosa",
            "qualcos'altro",
            "qualcosa di nuovo",
            "nuova domanda",
        ),
        *("comecar de novo", "de novo", "outra coisa", "do zero", "algo novo", "nova pergunta"),
        *("opnieuw beginnen", "opnieuw", "iets anders", "iets nieuws", "nieuwe vraag"),
        *("od nowa", "zacznijmy od nowa", "cos innego", "cos nowego", "nowe pytanie"),
        *("bastan", "bastan baslayalim", "baska bir sey", "yeni bir sey", "yeni soru"),
        *("заново", "начнем заново", "сначала", "другой вопрос", "новый вопрос", "другое", "новое"),
        *("من جديد", "نبدأ من جديد", "شيء آخر", "شيء جديد", "سؤال آخر", "سؤال جديد"),
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
        *("no eso", "nao", "nee", "nie", "hayir", "hayır", "нет", "не", "لا", "كلا"),
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


FILLERS: tuple[str, ...] = (
    *("with that", "with it", "with this", "on that", "i have", "i've got", "a", "an"),
    *(
        "damit",
        "mit dem",
        "ich habe",
        "eine",
        "etwas",
        "avec ca",
        "avec cela",
        "j'ai",
        "une",
        "con eso",
        "con esto",
        "tengo",
        "una",
    ),
    *(
        "con questo",
        "con quello",
        "ho",
        "com isso",
        "tenho",
        "uma",
        "daarmee",
        "ermee",
        "ik heb",
        "een",
        "z tym",
        "mam",
    ),
    *("bununla", "onunla", "bir", "с этим", "у меня", "بذلك", "لدي"),
    *("please", "thanks", "thank you", "well", "oh", "then", "rather", "just", "let's", "let us", "we can"),
    *(
        "i want to",
        "i want",
        "i'd like to",
        "i would like to",
        "i'd rather",
        "that's",
        "that is",
        "it's",
        "it is",
    ),
    *("bitte", "danke", "dann", "lieber", "doch", "mal", "wir", "machen wir", "lass uns", "lassen sie uns"),
    *("ich will", "ich mochte", "ich möchte", "das ist", "das"),
    *(
        "s'il vous plait",
        "s'il te plait",
        "svp",
        "merci",
        "alors",
        "plutot",
        "bien",
        "je veux",
        "je voudrais",
    ),
    *("por favor", "gracias", "entonces", "mejor", "quiero", "prefiero"),
    *("per favore", "grazie", "allora", "meglio", "voglio", "vorrei"),
    *("obrigado", "obrigada", "entao", "melhor", "quero"),
    *("graag", "alstublieft", "aub", "bedankt", "dank u", "dank je", "dan", "liever", "laten we", "dat"),
    *("prosze", "dziekuje", "to", "wole", "chce"),
    *("lutfen", "tesekkurler", "o zaman"),
    *("пожалуйста", "спасибо", "давайте", "давай", "тогда", "лучше", "хочу", "это"),
    *("من فضلك", "لو سمحت", "شكرا", "إذن", "أريد أن", "هذا"),
)
"""What may stand around a reply and says nothing of its own."""

_PAUSE = re.compile(r"[,;:!\n،؛，、。！]|\.(?!\s*\d)|\s[-–—]\s|—")
"""Between a reply and what else is said."""

_ASKING = re.compile("[?¿؟？]")


def reply_in(text: str) -> Reply | None:
    """What a message replies; None: it is none, or says more, or asks."""
    words = _words(text)
    if _ASKING.search(text) or not words:
        return None
    said: set[Reply] = set()
    at = 0
    while at < len(words):
        name, length = _longest(words, at)
        if not length:
            return None
        if name is not None:
            said.add(name)
        at += length
    return next((name for name in REPLIES if name in said), None)


def answer_in(text: str) -> tuple[Literal["no", "yes"], str] | None:
    """The answer to a question that is to be answered by yes or no, and what else is said behind it, which may be empty."""
    reply, rest = reply_in(text), ""
    if reply is None and (pause := _PAUSE.search(text)) is not None:
        reply, rest = reply_in(text[: pause.start()]), text[pause.end() :].strip()
    return (reply, rest) if reply == "yes" or reply == "no" else None


def _longest(words: list[str], at: int) -> tuple[Reply | None, int]:
    """The longest phrase that begins there, and how many words it has; 0: none does."""
    found: tuple[Reply | None, int] = (None, 0)
    for name, phrase in _PHRASES.get(words[at], ()):
        if len(phrase) > found[1] and tuple(words[at : at + len(phrase)]) == phrase:
            found = (name, len(phrase))
    return found


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in fold(text)).split()


def _by_first_word() -> Mapping[str, list[tuple[Reply | None, tuple[str, ...]]]]:
    """What is both in two languages replies what stands first."""
    found: dict[str, list[tuple[Reply | None, tuple[str, ...]]]] = {}
    named = [(name, phrase) for name, phrases in REPLIES.items() for phrase in phrases]
    for name, phrase in (*named, *((None, filler) for filler in FILLERS)):
        words = tuple(_words(phrase))
        found.setdefault(words[0], []).append((name, words))
    return found


_PHRASES = _by_first_word()
