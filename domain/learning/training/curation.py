"""Curation: which approved corrections become examples, masked, and why the others do not. Pure: the same input gives the same examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args
from uuid import UUID

import msgspec

from domain.conversations.messages import Use
from domain.feedback.exchange import Exchange
from domain.feedback.judgement import Category
from domain.learning.masking import Mask
from domain.learning.training.example import Example, part_of
from domain.learning.training.near_duplicates import NearDuplicates, plain
from domain.models.completion import Turn

GOOD = 4.0
"""A quality above it is good enough to be learned from."""

LEAST = 24
"""Letters from which on an earlier message, or a part of one, is compared with cases by itself: "ok" is in every conversation."""

Reason = Literal["erased", "use_forbidden", "evaluation_case", "near_evaluation_case", "duplicate", "empty"]
REASONS: tuple[Reason, ...] = get_args(Reason)


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An approved correction. `exchange` None: its customer was erased. `known`: names of the people in the conversation. `use`: the strictest of
    what the customer's texts may be used for."""

    correction: UUID
    conversation: UUID
    exchange: Exchange | None
    known: tuple[str, ...] = ()
    channel: str | None = None
    sender: str | None = None
    category: Category = "other"
    quality: float
    use: Use = "tenant_only"


class Cases(msgspec.Struct, frozen=True, kw_only=True):
    """What is evaluated with: the messages of all cases, and the corrections and interactions that cases were made of."""

    messages: Sequence[str] = ()
    origins: frozenset[UUID] = frozenset()


class Curated(msgspec.Struct, frozen=True, kw_only=True):
    """`left_out`: corrections by the reason; `masked`: pieces of personal data in the examples, by kind."""

    examples: tuple[Example, ...]
    left_out: dict[str, int]
    masked: dict[str, int]


class Guard:
    """Tells what an evaluation asks. Both sides are masked, so that a name more or less hides nothing."""

    def __init__(self, cases: Cases) -> None:
        self._origins = cases.origins
        self._near = NearDuplicates(_masked_alone(message) for message in cases.messages)

    def reason(self, origin: UUID, exchange: Exchange) -> Reason | None:
        """Why a masked exchange can't be learned from; None: it can."""
        if origin in self._origins:
            return "evaluation_case"
        if not self._near:
            return None
        return "near_evaluation_case" if any(map(self._near.has, _asked_in(exchange))) else None


def curate(candidates: Iterable[Candidate], cases: Cases, kept: Iterable[str] = ()) -> Curated:
    """`kept`: words of the business that stay as they are. Nothing of an evaluation is learned from, and nothing twice."""
    guard, kept = Guard(cases), tuple(kept)
    left_out: Counter[str] = Counter()
    masked: Counter[str] = Counter()
    seen: set[tuple[str, ...]] = set()
    examples: list[Example] = []
    for candidate in sorted(candidates, key=lambda each: each.correction.bytes):
        if candidate.exchange is None:
            left_out["erased"] += 1
            continue
        if candidate.use == "none":
            left_out["use_forbidden"] += 1
            continue
        mask = Mask((*candidate.exchange.texts,), candidate.known, kept)
        exchange = masked_exchange(candidate.exchange, mask)
        content = tuple(map(plain, exchange.texts))
        reason = guard.reason(candidate.correction, exchange)
        if reason is None and not (content[-1] and content[-2]):
            reason = "empty"
        if reason is None and content in seen:
            reason = "duplicate"
        if reason is not None:
            left_out[reason] += 1
            continue
        seen.add(content)
        masked += mask.counts
        examples.append(_example(candidate, exchange))
    return Curated(examples=tuple(examples), left_out=dict(left_out), masked=dict(masked))


def masked_exchange(exchange: Exchange, mask: Mask) -> Exchange:
    return Exchange(
        message=mask(exchange.message),
        context=tuple(Turn(role=turn.role, text=mask(turn.text)) for turn in exchange.context),
        answer=mask(exchange.answer),
    )


def _example(candidate: Candidate, exchange: Exchange) -> Example:
    return Example(
        id=candidate.correction,
        conversation=candidate.conversation,
        channel=candidate.channel,
        sender=candidate.sender,
        part=part_of(candidate.conversation),
        category=candidate.category,
        quality=candidate.quality,
        exchange=exchange,
    )


def _masked_alone(message: str) -> str:
    return Mask((message,))(message)


def _asked_in(exchange: Exchange) -> Iterator[str]:
    """What a case may have in common with it: the message, each of its parts, and what the customer said before."""
    yield exchange.message
    earlier = [turn.text for turn in exchange.context if turn.role == "user"]
    for text in (*exchange.message.split("\n"), *earlier):
        if text != exchange.message and len(text) >= LEAST:
            yield text
