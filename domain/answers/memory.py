"""Memory: what the agent keeps in mind of a conversation beside what was said. By rules, from what each message was understood to say. Pure.

A session ends after a while without activity. What it was about goes with it, but for its topic, which a returning customer is reminded of;
key facts, and questions that were left unanswered, stay.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.answers.understanding import Entity, Understanding

T = TypeVar("T")

FACTS, ENTITIES, MISSED, LIKED = 20, 12, 5, 5
"""How many are kept, the latest."""

LONGEST_TOPIC, LONGEST_QUESTION = 80, 400
"""Characters that are kept of it."""

KEPT = frozenset({"order", "email", "phone", "name", "date"})
"""Kinds of entities that stay known as facts."""

SMALL_TALK = frozenset({"greeting", "thanks", "goodbye"})
"""Intents that are about nothing."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    value: str


class Pending(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the customer was asked last. confirm: whether `meant` is what they wrote as `typed` in `question`; resume: whether to go on with
    the earlier topic; choose: which of the `choices` they mean in `question`; act: whether the `call` of an action is to be made, which they can
    say `until` then."""

    kind: Literal["confirm", "resume", "choose", "act"]
    question: str = ""
    typed: str = ""
    meant: str = ""
    choices: tuple[str, ...] = ()
    call: UUID | None = None
    until: datetime | None = None


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """A question that was not answered, or only by saying that nothing is known."""

    interaction: UUID
    question: str


class Memory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`product`, `service`: the ones that were looked at last; `liked`: those before them, in earlier sessions too, the latest first. `unsure`: how many answers in a row were of low confidence. `earlier`: what
    the session before this one was about."""

    topic: str | None = None
    pending: Pending | None = None
    entities: tuple[Entity, ...] = ()
    product: str | None = None
    service: str | None = None
    facts: tuple[Fact, ...] = ()
    missed: tuple[Missed, ...] = ()
    unsure: int = 0
    earlier: str | None = None
    language: str | None = None
    liked: tuple[str, ...] = ()


def viewed(memory: Memory) -> tuple[str, ...]:
    """Names of what was looked at last."""
    return tuple(each for each in (memory.product, memory.service) if each is not None)


def in_new_session(memory: Memory) -> Memory:
    """Once the one before has ended."""
    return Memory(
        facts=memory.facts,
        missed=memory.missed,
        earlier=memory.topic or memory.earlier,
        language=memory.language,
        liked=_liked(memory, viewed(memory)),
    )


def understood(memory: Memory, understanding: Understanding) -> Memory:
    """With what a burst was understood to say."""
    wanted = [each for each in understanding.intents if each.name not in SMALL_TALK]
    topic = _short(wanted[0].text, LONGEST_TOPIC) if wanted and wanted[0].text.strip() else memory.topic
    facts = [Fact(kind=e.kind, value=e.value) for e in understanding.entities if e.kind in KEPT]
    named = {entity.kind: entity.value for entity in understanding.entities}
    product, service = named.get("product", memory.product), named.get("service", memory.service)
    left = tuple(each for each in viewed(memory) if each not in (product, service))
    return replace(
        memory,
        topic=topic,
        entities=_latest((*memory.entities, *understanding.entities), ENTITIES),
        product=product,
        service=service,
        liked=tuple(each for each in _liked(memory, left) if each not in (product, service)),
        facts=_latest((*memory.facts, *facts), FACTS),
        language=understanding.language or memory.language,
    )


def missing(memory: Memory, interaction: UUID, question: str) -> Memory:
    """With a question that was not answered."""
    one = Missed(interaction=interaction, question=shortened(question))
    others = tuple(each for each in memory.missed if each.question != one.question)
    return replace(memory, missed=(*others, one)[-MISSED:])


def _liked(memory: Memory, left: tuple[str, ...]) -> tuple[str, ...]:
    """With what was looked at last until now."""
    return tuple(dict.fromkeys((*left, *memory.liked)))[:LIKED]


def shortened(question: str) -> str:
    """As much of a question as is kept."""
    return _short(question, LONGEST_QUESTION)


def _latest(items: tuple[T, ...], most: int) -> tuple[T, ...]:
    """Each once, where it came last."""
    return tuple(reversed([*dict.fromkeys(reversed(items))][:most]))


def _short(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
