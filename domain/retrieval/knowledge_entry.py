"""Knowledge entry: what the tenant's agent is to know, written by hand: a question with its answer, a policy, a procedure, a fact."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, Self
from uuid import UUID

import msgspec

from domain.base.aggregate import Aggregate, CreatedEvent
from domain.base.errors import NotFound
from domain.retrieval.knowledge import Knowledge

Status = Literal["present", "deleted", "erased"]


class EntryState(msgspec.Struct):
    """`version`: of the texts, 1 and up."""

    knowledge: Knowledge | None = None
    version: int = 0
    status: Status = "present"


class KnowledgeEntry(Aggregate[EntryState]):
    """A deleted one may be restored; an erased one is gone. Each change is somebody's, so its own version is the ETag of what it says."""

    TOPIC = "knowledge_entry"
    State = EntryState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        """`category_key` is a keyed hash of the category."""

        TOPIC: ClassVar[str] = "knowledge_entry.created"
        knowledge: Knowledge
        category_key: UUID | None = None

        def apply(self, aggregate: KnowledgeEntry) -> None:
            aggregate.state.knowledge, aggregate.state.version = self.knowledge, 1

    class Updated(Event, frozen=True, kw_only=True):
        """It says something else, as a whole."""

        TOPIC: ClassVar[str] = "knowledge_entry.updated"
        knowledge: Knowledge
        version: int
        category_key: UUID | None = None

        def apply(self, aggregate: KnowledgeEntry) -> None:
            aggregate.state.knowledge, aggregate.state.version = self.knowledge, self.version

    class Deleted(Event, frozen=True, kw_only=True):
        """It answers no more; what it said is kept, and may be restored."""

        TOPIC: ClassVar[str] = "knowledge_entry.deleted"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: KnowledgeEntry) -> None:
            aggregate.state.status = "deleted"

    class Restored(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "knowledge_entry.restored"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: KnowledgeEntry) -> None:
            aggregate.state.status = "present"

    class Erased(Event, frozen=True, kw_only=True):
        """The last event: all that it ever said is to be erased. What is before it is blanked, its key destroyed."""

        TOPIC: ClassVar[str] = "knowledge_entry.erased"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: KnowledgeEntry) -> None:
            aggregate.state = EntryState(status="erased")

    @property
    def answers(self) -> Knowledge | None:
        """What may be found of it."""
        said = self.state.knowledge
        return said if self.state.status == "present" and said is not None and said.active else None

    @classmethod
    def write(cls, id: UUID, knowledge: Knowledge, category_key: UUID | None, at: datetime) -> Self:
        """`knowledge` as `cleaned` gave it."""
        return cls.create(cls.Created, id=id, at=at, knowledge=knowledge, category_key=category_key)

    def update(self, knowledge: Knowledge, category_key: UUID | None, at: datetime) -> None:
        """Say this from now on, as a new version. Nothing where it says so already."""
        self._present()
        if knowledge != self.state.knowledge:
            facts = {"knowledge": knowledge, "category_key": category_key}
            self.trigger(self.Updated, at=at, version=self.state.version + 1, **facts)

    def delete(self, at: datetime) -> None:
        self._present()
        self.trigger(self.Deleted, at=at)

    def bring_back(self, at: datetime) -> None:
        """Nothing where it was not deleted. Raises NotFound."""
        self._kept()
        if self.state.status == "deleted":
            self.trigger(self.Restored, at=at)

    def erase(self, at: datetime) -> None:
        """For good, deleted or not. Raises NotFound."""
        self._kept()
        self.trigger(self.Erased, at=at)

    def _kept(self) -> None:
        if self.state.status == "erased":
            raise NotFound("this entry was erased")

    def _present(self) -> None:
        self._kept()
        if self.state.status == "deleted":
            raise NotFound("this entry was deleted; restore it to go on with it")
