"""Made-up persons: names, mails, phones, numbers and addresses that nobody has, in the ways in which customers write them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from random import Random

NAMED = (
    "My name is {name}.", "my name's {name}, thanks", "This is {name} speaking.", "Dear Ms {name}, we will look into it.", "Hello {name}, your refund is on its way.", "Mr. {name} asked for it.",
    "It does not work.\n\nBest regards,\n{name}", "Still waiting.\nCheers {name}", "Ich heiße {name} und warte noch.", "mein name ist {name}", "Sehr geehrter Herr {name}, vielen Dank.", "Liebe Frau {name}!",
    "Wo bleibt es?\nMit freundlichen Grüßen\n{name}", "Bitte um Rückruf.\nLG\n{name}", "Je m'appelle {name}.", "Bonjour Madame {name}, merci.", "Toujours rien.\nCordialement,\n{name}", "Me llamo {name}", "Hola {name}, ¿en qué puedo ayudar?",
    "Gracias.\nSaludos,\n{name}", "Mi chiamo {name} e aspetto.", "Gentile signora {name}, grazie.", "Meu nome é {name}.", "Olá {name}, bom dia", "Ik heet {name}.", "Beste meneer {name}, dank u.", "Nazywam się {name}.",
    "Pan {name} dzwonił.", "Benim adım {name}", "Merhaba {name} Hanım, teşekkürler", "Меня зовут {name}.", "Здравствуйте, {name}!", "اسمي {name}", "Name: {name}", "The account is on behalf of {name}", "Best wishes, {name}",
)  # fmt: skip

ADDRESSES = (
    "I live at {n} {word} Street.", "Ship it to {n}b {word} Road, Leeds.", "my address is {n} {lower} avenue", "Bitte an {word}straße {n}, 50667 Köln.", "an die {word}er Str. {n}a", "Meine Anschrift: Am {word} {n}, 80331 München",
    "{word}weg {n}", "J'habite {n} rue de {word}, 75001 Paris.", "{n}, avenue {word}", "Vivo en la calle {word} {n}.", "Calle de {word}, nº {n}", "Abito in via {word} {n}, 20121 Milano", "Moro na rua {word}, {n}.", "Rua {word} nº {n}",
    "Ik woon in de {word}straat {n} in Utrecht.", "Mieszkam na ul. {word} {n}.", "Adres: {word} Caddesi No: {n}", "Я живу: ул. {word}, д. {n}", "شارع {word} رقم {n}", "Flat {n}, {word} Court: {n} {word} Court",
)  # fmt: skip

PHONES = (
    "+49 170 {a} {b}",
    "+44 7{a}{b}",
    "0{a}/{b}",
    "(0{a}) {b}",
    "0049{a}{b}",
    "+1 ({a}) {b}",
    "0{a}-{b}",
)
NUMBERS = (
    "DE89 3704 {b4} {c4} 0130 00",
    "4532 {b4} {c4} 0366",
    "A-{b}-99",
    "#{b}{c4}",
    "order {b}",
    "Kundennummer K{b}",
    "1Z{b}{c4}",
)
SYLLABLES = ("zor", "quil", "vex", "mar", "tul", "dra", "pel", "nov", "brim", "osk", "lind", "fay")


def canaries(count: int, random: Random) -> Iterator[tuple[str, str]]:
    """A text, and what must not be left of it. `count` of them, all different."""
    kinds = cycle(("name", "mail", "phone", "number", "address"))
    templates = {
        name: cycle(each)
        for name, each in (("name", NAMED), ("phone", PHONES), ("number", NUMBERS), ("address", ADDRESSES))
    }
    for number in range(count):
        kind = next(kinds)
        word = "".join(random.choices(SYLLABLES, k=3)) + "".join(random.choices("bdgkmnprtv", k=2)) + "in"
        if kind == "name":
            yield next(templates["name"]).format(name=f"{word.capitalize()} {word[::-1].capitalize()}"), word
        elif kind == "mail":
            yield f"Write to {word}.{number}@mail-{number}.example.org please", word
        elif kind == "address":
            street = next(templates["address"])
            yield street.format(word=word.capitalize(), lower=word, n=100 + number % 800), word
        else:
            a, b, b4, c4 = (f"{random.randrange(10 ** (n - 1), 10**n)}" for n in (3, 7, 4, 4))
            text = next(templates[kind]).format(a=a, b=b, b4=b4, c4=c4)
            yield f"Mine is {text}, please.", b if b in text else b4
