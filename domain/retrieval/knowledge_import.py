"""Knowledge import: entries that were written together, so that they are embedded together. One stream a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid5

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent


class ImportedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`revision`: the version of its stream that came of the file."""

    entry: UUID
    revision: int


class ImportState(msgspec.Struct):
    entries: tuple[ImportedEntry, ...] = ()


class KnowledgeImport(Aggregate[ImportState]):
    """Ids only: they outlive an erasure."""

    TOPIC = "knowledge_import"
    State = ImportState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Taken(Event, CreatedEvent, frozen=True, kw_only=True):
        """These were written, in one save with this."""

        TOPIC: ClassVar[str] = "knowledge_import.taken"
        PERSONAL: ClassVar[bool] = False
        entries: tuple[ImportedEntry, ...]

        def apply(self, aggregate: KnowledgeImport) -> None:
            aggregate.state.entries = self.entries

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def take(cls, entries: Sequence[ImportedEntry], at: datetime) -> KnowledgeImport:
        """Its id follows from the first of them: of one version of an entry there is one."""
        first = entries[0]
        id = uuid5(_NAMESPACE, f"{first.entry.hex}/{first.revision}")
        return cls.create(cls.Taken, id=id, at=at, entries=tuple(entries))


_NAMESPACE = UUID("c1f3bb0e-52f4-4a9c-8b43-6f5f1a6a7d02")
