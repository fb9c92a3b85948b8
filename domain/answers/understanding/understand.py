"""Understanding a burst of messages by rules: language, what is wanted, what is named, what is pointed at. Pure, and linear in its length."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.understanding.entities import entities
from domain.answers.understanding.forgotten import forgot
from domain.answers.understanding.intents import intents
from domain.answers.understanding.person import wants_person
from domain.answers.understanding.result import Business, Intent, Understanding
from domain.answers.understanding.tokens import tokens
from domain.answers.understanding.words.topics import URGENCY
from domain.base.language import language_of
from domain.models.completion import Turn

VERSION = 1
"""Of the words and rules; goes up with any change of them, so that what was understood earlier is known as such."""

READ = 8_000
"""Characters of a burst that are read: of a longer one its beginning and its end."""


BEFORE = 6
"""Turns of the history that are looked at for the language."""


def understand(messages: Sequence[str], history: Sequence[Turn] = (), *, business: Business) -> Understanding:
    """`history` ends before the messages; `business`: what the tenant has words for."""
    read = within(messages, READ)
    texts = [tokens(message) for message in read]
    words = [word for text in texts for word in text.words]
    language = language_of("\n".join(read)) or _language_before(history)
    person, said = wants_person(words, language)
    forgotten = forgot(words, language)
    evidence = []
    wanted = intents(texts, language)
    if said is not None:
        evidence.append(f"person: {said}")
        wanted = _first(
            wanted, Intent(name="person", urgency=URGENCY["person"], text=said, confidence=person)
        )
    if forgotten is not None:
        evidence.append(f"forgotten: {forgotten}")
    return Understanding(
        language=language,
        intents=wanted,
        entities=entities("\n".join(text.text for text in texts)),
        wants_person=person,
        forgot=forgotten is not None,
        evidence=tuple(evidence),
        by=f"rules/{VERSION}",
    )


def within(messages: Sequence[str], characters: int) -> list[str]:
    """As many as `characters` hold: what is pasted in stands in the middle, what is asked of it before or behind."""
    if sum(map(len, messages)) <= characters:
        return list(messages)
    text = "\n".join(messages)
    return [text[: characters // 2], text[-characters // 2 :]]


def _language_before(history: Sequence[Turn]) -> str | None:
    """What the customer wrote before tells the language of a word or two."""
    said = [turn.text for turn in history[-BEFORE:] if turn.role == "user"]
    return language_of("\n".join(said)) if said else None


def _first(wanted: tuple[Intent, ...], person: Intent) -> tuple[Intent, ...]:
    """A request for a person in the place that its urgency has; it is no second one beside that which says it."""
    said = set(person.text.split())
    rest = [each for each in wanted if not said <= set(tokens(each.text).words)]
    return tuple(sorted([person, *rest], key=lambda intent: -round(intent.urgency, 1)))
