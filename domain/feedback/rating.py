"""The rating of an answer: whether it helped, and what was said to it. It may change; the latest one holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal, Self
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from domain.base.aggregate import NIL, Aggregate, CreatedEvent, Quote
from domain.base.errors import Invalid

LONGEST_COMMENT = 2_000
"""Characters."""

Source = Literal["api", "whatsapp", "console"]
"""Where it was given."""


class RatingState(msgspec.Struct):
    """`helpful` None: it was not rated yet. `commented`: the customer has said something to it; what, is in the log alone."""

    interaction: UUID = NIL
    conversation: UUID = NIL
    helpful: bool | None = None
    commented: bool = False


class Rating(Aggregate[RatingState]):
    """One per interaction. Whether it helped is the tenant's to know, whoever has said so; what was said to it is the customer's."""

    TOPIC = "feedback"
    State = RatingState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "feedback.begun"
        PERSONAL: ClassVar[bool] = False
        interaction: UUID
        conversation: UUID

        def apply(self, aggregate: Rating) -> None:
            aggregate.state.interaction, aggregate.state.conversation = self.interaction, self.conversation

    class Rated(Event, frozen=True, kw_only=True):
        """`interaction` helped, or did not; the latest one holds. `conversation`: whose it is; of a call of the completions API the end user,
        where one is named, else the call itself."""

        TOPIC: ClassVar[str] = "feedback.rated"
        PERSONAL: ClassVar[bool] = False
        interaction: UUID
        conversation: UUID
        helpful: bool
        source: Source

        def apply(self, aggregate: Rating) -> None:
            aggregate.state.helpful = self.helpful

    class Commented(Event, frozen=True, kw_only=True):
        """What was said to it, in the place of what was said before; empty: nothing any more. `text` is lent by the customer, and None once they
        were erased."""

        TOPIC: ClassVar[str] = "feedback.commented"
        PERSONAL: ClassVar[bool] = False
        QUOTES: ClassVar[bool] = True
        interaction: UUID
        conversation: UUID
        text: str | None
        empty: bool = False

        def apply(self, aggregate: Rating) -> None:
            aggregate.state.commented = not self.empty

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            return replace(self, text=None), (Quote(subject=self.conversation, place=0, texts=(self.text,)),)

        def attach(self, lent: Sequence[Quote]) -> Self:
            return replace(self, text=next((each.texts[0] for each in lent if each.texts), None))

    @classmethod
    def begin(cls, interaction: UUID, conversation: UUID, at: datetime) -> Rating:
        """`conversation`: as in `Rated`; its key seals what is said."""
        id = rating_of(interaction)
        return cls.create(cls.Begun, id=id, at=at, interaction=interaction, conversation=conversation)

    def rate(
        self,
        helpful: bool,
        source: Source,
        at: datetime,
        *,
        comment: str | None = None,
        before: str | None = None,
    ) -> None:
        """Rate it, or rate it otherwise. `comment` None: what was said to it stays; empty: it goes. `before`: what was said until now.

        The same again is nothing new. Raises Invalid.
        """
        text = None if comment is None else comment.strip()
        if text is not None and len(text) > LONGEST_COMMENT:
            raise Invalid(
                f"the text has {len(text)} characters; send at most {LONGEST_COMMENT}", field="feedback_text"
            )
        state = self.state
        facts = {"interaction": state.interaction, "conversation": state.conversation}
        if helpful != state.helpful:
            self.trigger(self.Rated, at=at, helpful=helpful, source=source, **facts)
        if text is not None and text != ((before or "") if state.commented else ""):
            self.trigger(self.Commented, at=at, text=text, empty=not text, **facts)


def rating_of(interaction: UUID) -> UUID:
    """The id follows from the interaction's, for ever."""
    return uuid5(interaction, Rating.TOPIC)
