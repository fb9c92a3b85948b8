"""What a burst of messages was understood to say: one value, whoever found it. It stands on the interaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

Confidence = float
"""0 to 1."""

ReferenceKind = Literal["ordinal", "earlier", "pronoun"]


class Intent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that the customer wants. `name`: from words/intents.py, "request" for one that no word names. `urgency`: 0 to 1. `text`:
    as they wrote it. `message`: which of the burst's, counting from 0."""

    name: str
    urgency: float = 0.3
    text: str = ""
    confidence: Confidence = 1.0
    message: int = 0


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """Something named: `kind` as order, email, phone, amount, date, time, url, product, topic. `value`: in one form, however it was written."""

    kind: str
    text: str
    value: str


class Reference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Words that mean something said earlier. `turn`: which of the history's, counting from 0; None: it can't be told."""

    text: str
    kind: ReferenceKind
    turn: int | None = None
    item: str | None = None
    """What of that turn is meant, as the second entry of its list."""


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A word of the business as it was `typed`, and which one is `meant`."""

    typed: str
    meant: str
    confidence: Confidence


MatchedBy = Literal["spelling", "offer"]
"""A word of the tenant's names, topics and aliases; or the name of something of its catalogue."""


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """That a customer was taken to mean what they did not quite write: without a word (`made`), or `asked` whether they do."""

    by: MatchedBy
    how: Literal["asked", "made"]


class NamedOffer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of the catalogue the messages may name. `name`: as it is called; 1: just that was written. `id`: None where it was not yet
    recorded."""

    kind: Literal["product", "service"]
    name: str
    confidence: Confidence
    id: UUID | None = None


class Understanding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`language`: ISO 639-1; None where it can't be told. `intents`: the most urgent first, and what has to be known before something else
    before that. `forgot`: that an earlier question was left unanswered.

    `evidence`: what the figures go by, each as "subject: what was found". `by`: rules/VERSION, or provider/model. `fell_back`: why the rules
    stood in for a model; None where they did not.
    """

    language: str | None = None
    intents: tuple[Intent, ...] = ()
    entities: tuple[Entity, ...] = ()
    references: tuple[Reference, ...] = ()
    corrections: tuple[Correction, ...] = ()
    wants_person: Confidence = 0.0
    forgot: bool = False
    outside: Confidence = 0.0
    """Of the tenant's business."""

    injection: Confidence = 0.0
    """That the text gives orders to the agent instead of asking something of the business."""

    offers: tuple[NamedOffer, ...] = ()
    """Of the catalogue, the surest first."""

    evidence: tuple[str, ...] = ()
    by: str = ""
    fell_back: str | None = None

    @property
    def sure_of(self) -> tuple[Correction, ...]:
        """Matches that are taken as meant."""
        return tuple(each for each in self.corrections if each.confidence >= SURE)

    @property
    def unsure_of(self) -> tuple[Correction, ...]:
        """Matches that the customer is to be asked about."""
        return tuple(each for each in self.corrections if each.confidence < SURE)


SURE = 0.8
"""From this confidence on, a match with a name of the business is taken as meant."""


class Business(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant's business has words for. `names`: of products and services, as they are written. `topics`: what it deals with.
    `aliases`: informal names and abbreviations, and the name each stands for."""

    names: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    aliases: dict[str, str] = {}

    @property
    def words(self) -> Sequence[str]:
        return (*self.names, *self.topics, *self.aliases)


class Screened(msgspec.Struct, frozen=True, kw_only=True):
    """How far a text gives orders to the agent, from 0 to 1, and what that goes by."""

    score: float = 0.0
    evidence: tuple[str, ...] = ()
