"""Correction: what an answer of the agent's should have been. Proposed by a person or found in a conversation; approved or not by a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.base.aggregate import NIL, Aggregate, CreatedEvent, Quote
from domain.base.errors import Invalid, Refused
from domain.feedback.judgement import BEST, Category
from domain.feedback.lineage import Lineage, Person, Texts, check_texts, quoted, texts_in

Source = Literal["operator", "api"]
"""`operator`: who answered after the agent in the conversation itself; `api`: who wrote it into a request."""

Status = Literal["proposed", "approved", "rejected"]


class CorrectionState(msgspec.Struct):
    """What it says is not in here: that belongs to the customer (`Texts`)."""

    lineage: Lineage | None = None
    category: Category = "other"
    source: Source = "api"
    status: Status = "proposed"
    quality: float | None = None
    proposer: Person | None = None
    reviewer: Person | None = None
    replies: tuple[int, ...] = ()


class Correction(Aggregate[CorrectionState]):
    """Its texts are sealed under the key of the conversation that they come from, and go with it; that there was one stays."""

    TOPIC = "correction"
    State = CorrectionState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Proposed(Event, CreatedEvent, frozen=True, kw_only=True):
        """`texts` None: the customer was erased. `replies`: versions at which the operator's replies stand that it is made of, in the
        conversation."""

        TOPIC: ClassVar[str] = "correction.proposed"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        QUOTES: ClassVar[bool] = True
        lineage: Lineage
        category: Category
        source: Source
        proposer: Person
        replies: tuple[int, ...] = ()
        texts: Texts | None = None

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version no turn had calls of tools, or anything attached."""

        def apply(self, aggregate: Correction) -> None:
            state = aggregate.state
            state.lineage, state.category, state.source = self.lineage, self.category, self.source
            state.proposer, state.replies = self.proposer, self.replies

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            return replace(self, texts=None), quoted(self.texts, self.lineage.conversation)

        def attach(self, lent: Sequence[Quote]) -> Self:
            return replace(self, texts=texts_in(lent))

    class Extended(Event, frozen=True, kw_only=True):
        """The operator went on: `texts` and `replies` take the place of those before."""

        TOPIC: ClassVar[str] = "correction.extended"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        QUOTES: ClassVar[bool] = True
        conversation: UUID
        replies: tuple[int, ...]
        texts: Texts | None = None

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version no turn had calls of tools, or anything attached."""

        def apply(self, aggregate: Correction) -> None:
            aggregate.state.replies = self.replies

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            return replace(self, texts=None), quoted(self.texts, self.conversation)

        def attach(self, lent: Sequence[Quote]) -> Self:
            return replace(self, texts=texts_in(lent))

    class Reviewed(Event, frozen=True, kw_only=True):
        """A later review takes the place of this one. `quality`: 0 to 5, of the proposed answer."""

        TOPIC: ClassVar[str] = "correction.reviewed"
        PERSONAL: ClassVar[bool] = False
        approved: bool
        quality: float
        category: Category
        reviewer: Person

        def apply(self, aggregate: Correction) -> None:
            state = aggregate.state
            state.status = "approved" if self.approved else "rejected"
            state.quality, state.category, state.reviewer = self.quality, self.category, self.reviewer

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def propose(
        cls,
        id: UUID,
        *,
        lineage: Lineage,
        texts: Texts,
        category: Category,
        source: Source,
        proposer: Person,
        replies: tuple[int, ...] = (),
        at: datetime,
    ) -> Self:
        """Raises Invalid, Refused."""
        check_texts(texts)
        if texts.exchange.answer.strip() == texts.said.strip():
            raise Refused(
                "the answer that should have been given is the one that was; there is nothing to correct"
            )
        facts = {"category": category, "source": source, "proposer": proposer, "replies": replies}
        return cls.create(cls.Proposed, id=id, at=at, lineage=lineage, texts=texts, **facts)

    def extend(self, texts: Texts, replies: tuple[int, ...], at: datetime) -> None:
        """Take in what the operator has said since. Nothing once it was reviewed, or where it is in there already."""
        lineage = self.state.lineage
        assert lineage is not None
        if self.state.status == "proposed" and len(replies) > len(self.state.replies):
            self.trigger(
                self.Extended, at=at, conversation=lineage.conversation, replies=replies, texts=texts
            )

    def review(
        self,
        *,
        approved: bool,
        quality: float,
        reviewer: Person,
        four_eyes: bool,
        category: Category | None = None,
        at: datetime,
    ) -> None:
        """Approve it or not. `four_eyes`: whoever proposed it can't. Nothing where the same was said before. Raises Invalid, Refused."""
        if not 0 <= quality <= BEST:
            raise Invalid(f"quality_score is 0 to {BEST:g}")
        state = self.state
        assert state.proposer is not None
        if four_eyes and not reviewer.is_other_than(state.proposer):
            raise Refused(
                "whoever proposed a correction can't review it here; have another person do it, under their own name or key"
            )
        named = category or state.category
        said = (state.status, state.quality, state.category, state.reviewer)
        if said != ("approved" if approved else "rejected", quality, named, reviewer):
            facts = {"quality": quality, "category": named, "reviewer": reviewer}
            self.trigger(self.Reviewed, at=at, approved=approved, **facts)
