"""Dataset: cases that an evaluation goes through. Its versions never change once they were used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.base.aggregate import Aggregate, CreatedEvent, Quote
from domain.base.errors import Erased, Invalid, NotFound, Refused
from domain.feedback.exchange import flat, from_flat
from domain.learning.case import Case

ENOUGH = 500
"""Cases; with fewer a difference between two candidates is hard to tell from chance."""

MOST = 20_000
"""Cases of a dataset."""

BATCH = 200
"""Cases of one event."""

LONGEST_NAME = 200


class DatasetState(msgspec.Struct):
    """`cases`: those of the latest version, each with what it was made of. `version` may still change unless it is `frozen`. `frozen_versions`:
    how many cases each of them has."""

    name: str = ""
    description: str = ""
    version: int = 1
    frozen: bool = False
    cases: dict[UUID, UUID | None] = {}
    frozen_versions: dict[int, int] = {}
    deleted: bool = False


class Dataset(Aggregate[DatasetState]):
    """Texts of customers' are sealed under their conversations' keys, and go with them; all others under its own."""

    TOPIC = "dataset"
    State = DatasetState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "dataset.created"
        name: str
        description: str = ""

        def apply(self, aggregate: Dataset) -> None:
            aggregate.state.name, aggregate.state.description = self.name, self.description

    class CasesAdded(Event, frozen=True, kw_only=True):
        """They belong to `version` and those after it."""

        TOPIC: ClassVar[str] = "dataset.cases_added"
        class_version: ClassVar[int] = 2
        QUOTES: ClassVar[bool] = True
        version: int
        cases: tuple[Case, ...]

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version no turn had calls of tools, or anything attached."""

        def apply(self, aggregate: Dataset) -> None:
            state = aggregate._opened(self.version)
            state.cases.update({case.id: case.origin for case in self.cases})

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            cases, lent = detach_cases(self.cases)
            return replace(self, cases=cases), lent

        def attach(self, lent: Sequence[Quote]) -> Self:
            return replace(self, cases=attach_cases(self.cases, lent))

    class CasesRemoved(Event, frozen=True, kw_only=True):
        """From `version` on they are no part of it."""

        TOPIC: ClassVar[str] = "dataset.cases_removed"
        version: int
        cases: tuple[UUID, ...]

        def apply(self, aggregate: Dataset) -> None:
            state = aggregate._opened(self.version)
            for case in self.cases:
                state.cases.pop(case, None)

    class Frozen(Event, frozen=True, kw_only=True):
        """`version` is used from now on, and stays as it is. `digest`: of the ids of its cases."""

        TOPIC: ClassVar[str] = "dataset.frozen"
        version: int
        cases: int
        digest: str

        def apply(self, aggregate: Dataset) -> None:
            state = aggregate.state
            state.frozen = True
            state.frozen_versions[self.version] = self.cases

    class Deleted(Event, frozen=True, kw_only=True):
        """The last event: the dataset is to be erased. Its key is destroyed, what is personal before it blanked."""

        TOPIC: ClassVar[str] = "dataset.deleted"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: Dataset) -> None:
            aggregate.state = DatasetState(deleted=True)

    @classmethod
    def begin(cls, id: UUID, *, name: str, description: str, at: datetime) -> Self:
        """Raises Invalid."""
        if not 1 <= len(name.strip()) <= LONGEST_NAME:
            raise Invalid(f"a dataset's name has 1 to {LONGEST_NAME} characters")
        return cls.create(cls.Created, id=id, at=at, name=name.strip(), description=description)

    @property
    def next_version(self) -> int:
        """That a change makes, or goes into."""
        return self.state.version + (1 if self.state.frozen else 0)

    def add(self, cases: Iterable[Case], at: datetime) -> int:
        """How many of them are new; the others are in there already. Raises Refused where there would be too many."""
        self._alive()
        new = {case.id: case for case in cases if case.id not in self.state.cases}
        if len(self.state.cases) + len(new) > MOST:
            raise Refused(f"a dataset has at most {MOST} cases; begin another one")
        added = tuple(new.values())
        for first in range(0, len(added), BATCH):
            batch = added[first : first + BATCH]
            self.trigger(self.CasesAdded, at=at, version=self.next_version, cases=batch)
        return len(added)

    def remove(self, cases: Iterable[UUID], at: datetime) -> None:
        """Raises NotFound."""
        self._alive()
        gone = tuple(dict.fromkeys(cases))
        if missing := [case for case in gone if case not in self.state.cases]:
            raise NotFound(f"there is no case {missing[0]} in this dataset")
        if gone:
            self.trigger(self.CasesRemoved, at=at, version=self.next_version, cases=gone)

    def freeze(self, at: datetime) -> int:
        """The latest version, which stays as it is from now on. Raises Refused where it has no case."""
        self._alive()
        if not self.state.cases:
            raise Refused("this dataset has no case yet; add some first")
        if not self.state.frozen:
            facts = {"cases": len(self.state.cases), "digest": digest_of(self.state.cases)}
            self.trigger(self.Frozen, at=at, version=self.state.version, **facts)
        return self.state.version

    def delete(self, at: datetime) -> None:
        self._alive()
        self.trigger(self.Deleted, at=at)

    def _alive(self) -> None:
        if self.state.deleted:
            raise Erased("this dataset was deleted")

    def _opened(self, version: int) -> DatasetState:
        self.state.version, self.state.frozen = version, False
        return self.state


def digest_of(cases: Iterable[UUID]) -> str:
    """SHA-256 of the ids in their order, hexadecimal: two versions with the same cases have the same."""
    return hashlib.sha256(b"".join(sorted(case.bytes for case in cases))).hexdigest()


def detach_cases(cases: Sequence[Case]) -> tuple[tuple[Case, ...], tuple[Quote, ...]]:
    """Without the texts that belong to conversations, and those."""
    lent = tuple(
        Quote(
            subject=case.conversation,
            place=place,
            texts=None if case.exchange is None else flat(case.exchange),
        )
        for place, case in enumerate(cases)
        if case.conversation is not None
    )
    bare = tuple(case if case.conversation is None else replace(case, exchange=None) for case in cases)
    return bare, lent


def attach_cases(cases: Sequence[Case], lent: Sequence[Quote]) -> tuple[Case, ...]:
    """Undoes `detach_cases`; of erased customers there is no text left."""
    given = {each.place: each.texts for each in lent if each.texts is not None}
    return tuple(
        replace(case, exchange=from_flat(given[place])) if place in given else case
        for place, case in enumerate(cases)
    )
