"""Where a correction comes from, and its texts, which are the customer's."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from domain.base.aggregate import Quote
from domain.base.errors import Invalid
from domain.conversations.messages import Use
from domain.feedback.exchange import Exchange, flat, from_flat

LONGEST = 8_000
"""Characters of an answer, and of a reason."""


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """Where the corrected answer came from. `sender`: our address by which the customer wrote, where there is one. `prompt`: id of the event that holds the exact prompt; `template`: the wording that it was made
    from; `passages`: what it rested on. `provider` and `model` are None where no model was asked. `use`: what the customer's texts may be
    used for, the strictest of all messages in it."""

    interaction: UUID
    conversation: UUID
    channel: str
    use: Use
    sender: str | None = None
    prompt: UUID | None = None
    template: str = ""
    configuration_version: int = 0
    passages: tuple[str, ...] = ()
    provider: str | None = None
    model: str | None = None
    language: str | None = None
    intent: str | None = None


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """`exchange`: with the answer that should have been given; `said`: what the agent did say; `reason`: why that was wrong. `known`: names and
    addresses of the people in the conversation, which whoever uses the texts takes out of them."""

    exchange: Exchange
    said: str
    reason: str = ""
    known: tuple[str, ...] = ()


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who proposes or reviews: `by` is the actor of the request; `operator` whom it names, `operator_id` tells that one from others."""

    by: str
    operator: str | None = None
    operator_id: UUID | None = None

    def is_other_than(self, other: Person) -> bool:
        """Whether they are two. Who is not named can be told by the key alone."""
        if self.operator_id is None or other.operator_id is None:
            return self.by != other.by
        return self.operator_id != other.operator_id


def check_texts(texts: Texts) -> None:
    """Raises Invalid."""
    for name, text in (("human_response", texts.exchange.answer), ("bot_response", texts.said)):
        if not text.strip():
            raise Invalid(f"{name} has no text; send at least one visible character")
    for name, text in (("human_response", texts.exchange.answer), ("reason", texts.reason)):
        if len(text) > LONGEST:
            raise Invalid(f"{name} has {len(text)} characters; send at most {LONGEST}")


def quoted(texts: Texts | None, conversation: UUID) -> tuple[Quote, ...]:
    told: tuple[str, ...] | None = None
    if texts is not None:
        told = (texts.said, texts.reason, str(len(texts.known)), *texts.known, *flat(texts.exchange))
    return (Quote(subject=conversation, place=0, texts=told),)


def texts_in(quotes: Sequence[Quote]) -> Texts | None:
    found = quotes[0].texts if quotes else None
    if found is None:
        return None
    said, reason, count, *rest = (text or "" for text in found)
    known, exchange = rest[: int(count)], rest[int(count) :]
    return Texts(exchange=from_flat(exchange), said=said, reason=reason, known=tuple(known))
