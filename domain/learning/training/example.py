"""Example: what a model learns from, made of an approved correction. Nobody can be told from it any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import mmh3
import msgspec
from msgspec.structs import replace

from domain.base.aggregate import Quote
from domain.feedback.exchange import Exchange, flat, from_flat
from domain.feedback.judgement import Category
from domain.models.completion import Turn

Part = Literal["train", "validation"]

VALIDATION = 0.2
"""Share of the conversations whose examples are not learned from, but looked at."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: the correction's. `channel`, `sender`: as in its lineage. `conversation`: whose customer the texts are from; `exchange` is masked, and None where that customer was erased."""

    id: UUID
    conversation: UUID
    channel: str | None = None
    """None: it was made when channels had no use of their own."""

    sender: str | None = None
    part: Part
    category: Category
    quality: float
    exchange: Exchange | None


def part_of(conversation: UUID) -> Part:
    """The same one for ever: what is looked at today is not learned from next month."""
    unsigned = mmh3.hash(f"training-set/{conversation}", signed=False)
    return "validation" if unsigned < VALIDATION * 2**32 else "train"


def turns_of(exchange: Exchange) -> tuple[Turn, ...]:
    """The customer's and the business's turns in alternation, from the customer's first to the answer: what was said in a row is one turn."""
    turns: list[Turn] = []
    for turn in (*exchange.context, Turn(role="user", text=exchange.message)):
        if turns and turns[-1].role == turn.role:
            turns[-1] = Turn(role=turn.role, text=f"{turns[-1].text}\n{turn.text}")
        elif turns or turn.role == "user":
            turns.append(Turn(role=turn.role, text=turn.text))
    return (*turns, Turn(role="assistant", text=exchange.answer))


def detach_examples(examples: Sequence[Example]) -> tuple[tuple[Example, ...], tuple[Quote, ...]]:
    """Without the texts, which belong to conversations, and those."""
    lent = tuple(
        Quote(
            subject=each.conversation,
            place=place,
            texts=None if each.exchange is None else flat(each.exchange),
        )
        for place, each in enumerate(examples)
    )
    return tuple(replace(each, exchange=None) for each in examples), lent


def attach_examples(examples: Sequence[Example], lent: Sequence[Quote]) -> tuple[Example, ...]:
    """Undoes `detach_examples`; of erased customers there is no text left."""
    given = {each.place: each.texts for each in lent if each.texts is not None}
    return tuple(
        replace(each, exchange=from_flat(given[place])) if place in given else each
        for place, each in enumerate(examples)
    )
