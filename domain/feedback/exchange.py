"""Exchange: a customer's message with what was said before it, and what it was, or should have been, answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from domain.models.completion import Turn


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """`context`: turns of the customer (`user`) and of the business (`assistant`), the earliest first."""

    message: str
    context: tuple[Turn, ...] = ()
    answer: str

    @property
    def texts(self) -> tuple[str, ...]:
        """All that was said in it."""
        return (*(turn.text for turn in self.context), self.message, self.answer)


def flat(exchange: Exchange) -> tuple[str, ...]:
    """As texts alone, which an event can quote (domain/base/aggregate.py: `Quote`)."""
    turns = (text for turn in exchange.context for text in (turn.role, turn.text))
    return (exchange.message, exchange.answer, *turns)


def from_flat(texts: Sequence[str | None]) -> Exchange:
    """Undoes `flat`."""
    message, answer, *turns = ("" if text is None else text for text in texts)
    return Exchange(message=message, answer=answer, context=tuple(_turns(turns)))


def _turns(texts: Sequence[str]) -> Iterable[Turn]:
    for role, text in zip(texts[::2], texts[1::2], strict=True):
        yield Turn(role="user" if role == "user" else "assistant", text=text)
