"""Aliases: other addresses of customers, as a business-scoped id beside a phone number. Each leads to the customer's conversation, and that
to those which they had led to before, so that forgetting reaches all of them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent


class AliasState(msgspec.Struct):
    conversation: UUID = NIL


class Alias(Aggregate[AliasState]):
    """One per address that is not its conversation's own; once that is erased, another one. And one per conversation that such an address
    had. Its id is a keyed hash of the address, or of the conversation from which it leads, and nothing in it is personal."""

    TOPIC = "alias"
    State = AliasState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Linked(Event, CreatedEvent, frozen=True, kw_only=True):
        """For good: whoever writes from this address is in that conversation, or whose that conversation is had this one too."""

        TOPIC: ClassVar[str] = "alias.linked"
        PERSONAL: ClassVar[bool] = False
        conversation: UUID

        def apply(self, aggregate: Alias) -> None:
            aggregate.state.conversation = self.conversation

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def link(cls, id: UUID, conversation: UUID, at: datetime) -> Alias:
        return cls.create(cls.Linked, id=id, at=at, conversation=conversation)
