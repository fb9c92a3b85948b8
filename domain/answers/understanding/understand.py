"""Understanding a burst of messages by rules: language, what is wanted, what is named, what is pointed at. Pure, and linear in its length."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain.answers.understanding.common import common_words
from domain.answers.understanding.entities import entities, named
from domain.answers.understanding.forgotten import forgot
from domain.answers.understanding.intents import UNNAMED, intents
from domain.answers.understanding.person import wants_person
from domain.answers.understanding.references import references
from domain.answers.understanding.result import SURE, Business, Intent, Screened, Understanding
from domain.answers.understanding.scope import outside
from domain.answers.understanding.screening import screen
from domain.answers.understanding.spelling import SHORTEST, corrections, vocabulary
from domain.answers.understanding.tokens import tokens
from domain.answers.understanding.words.topics import URGENCY
from domain.base.language import language_of
from domain.models.completion import Turn

VERSION = 3
"""Of the words and rules; goes up with any change of them, so that what was understood earlier is known as such."""

READ = 3_000
"""Characters of a burst that are read, but for the screening, which reads all: of a longer one its beginning and its end."""

BEFORE = 6
"""Turns of the history that are looked at for the language."""

TOLD = 80
"""Characters of a piece of evidence."""


def understand(
    messages: Sequence[str], history: Sequence[Turn] = (), *, business: Business, likeness: float = 0.0
) -> Understanding:
    """`history` ends before the messages; `business`: what the tenant has words for; `likeness`: as of `screen`."""
    read = within(messages, READ)
    texts = [tokens(message) for message in read]
    words = [word for text in texts for word in text.words]
    language = language_of("\n".join(read)) or _language_before(history)
    own = vocabulary(business)
    person, said = wants_person(words, language)
    forgotten = forgot(words, language)
    wanted = intents(texts, language)
    if said is not None:
        wanted = _first(
            wanted, Intent(name="person", urgency=URGENCY["person"], text=said, confidence=person)
        )
    corrected = corrections(words, own, common_words(language))
    own_words = frozenset(word for word in own.words if len(word) >= SHORTEST)
    out, beside = outside(
        words, language, own_words, business_asked=any(each.name != UNNAMED for each in wanted)
    )
    screened = screen("\n".join(messages), likeness=likeness)
    return Understanding(
        language=language,
        intents=wanted,
        entities=(*entities("\n".join(text.text for text in texts)), *named(words, own, corrected)),
        references=references(texts, history, language),
        corrections=corrected,
        wants_person=person,
        forgot=forgotten is not None,
        outside=out,
        injection=screened.score,
        evidence=(
            *_evidence("person", said),
            *_evidence("forgotten", forgotten),
            *_evidence("outside", beside),
            *[
                f"ask_back: {each.typed} may mean {each.meant}"[:TOLD]
                for each in corrected
                if each.confidence < SURE
            ],
            *[f"injection: {each}" for each in screened.evidence],
        ),
        by=f"rules/{VERSION}",
    )


def with_more(found: Understanding, screened: Screened) -> Understanding:
    """With what was seen in what came along with the messages."""
    if screened.score <= found.injection:
        return found
    seen = tuple(f"injection: {each}" for each in screened.evidence)
    others = tuple(each for each in found.evidence if each not in seen)
    return replace(found, injection=screened.score, evidence=(*others, *seen))


def within(messages: Sequence[str], characters: int) -> list[str]:
    """As many as `characters` hold: what is pasted in stands in the middle, what is asked of it before or behind."""
    if sum(map(len, messages)) <= characters:
        return list(messages)
    text = "\n".join(messages)
    return [text[: characters // 2], text[-characters // 2 :]]


def load() -> None:
    """Make ready now what would be made ready at the first message in a language (a second for all): the tables, and the detector."""
    for text in SAID:
        understand([text], business=Business())


SAID = (
    "Order?",
    "Where is my order, please?",
    "Wo ist meine Bestellung geblieben?",
    "Où est ma commande, s'il vous plaît ?",
    "¿Dónde está mi pedido, por favor?",
    "Dove si trova il mio ordine?",
    "Onde está a minha encomenda?",
    "Waar blijft mijn bestelling?",
    "Gdzie jest moje zamówienie?",
    "Siparişim nerede kaldı acaba?",
    "Где находится мой заказ?",
    "أين طلبي من فضلك؟",
)


def _evidence(subject: str, said: str | None) -> list[str]:
    return [f"{subject}: {said}"[:TOLD]] if said is not None else []


def _language_before(history: Sequence[Turn]) -> str | None:
    """What the customer wrote before tells the language of a word or two."""
    said = [turn.text for turn in history[-BEFORE:] if turn.role == "user"]
    return language_of("\n".join(said)) if said else None


def _first(wanted: tuple[Intent, ...], person: Intent) -> tuple[Intent, ...]:
    """A request for a person in the place that its urgency has; it is no second one beside that which says it."""
    said = set(person.text.split())
    rest = [each for each in wanted if not said <= set(tokens(each.text).words)]
    return tuple(sorted([person, *rest], key=lambda intent: -round(intent.urgency, 1)))
