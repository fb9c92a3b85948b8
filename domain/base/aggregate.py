"""Aggregates and events: the domain model of the `eventsourcing` library with typed msgspec events.

An aggregate is its `state`, a msgspec struct, plus methods that guard and trigger. An event is a frozen struct whose
`apply` changes that state; it never fails and never decides. This is the only module of the domain that knows the library.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID, uuid5

import msgspec
from eventsourcing.domain import BaseAggregate, CanInitAggregate, CanMutateAggregate
from eventsourcing.utils import resolve_topic

NIL = UUID(int=0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Texts of another subject's within an event: None once that was erased. `place` says where they belong, as the event knows."""

    subject: UUID = NIL
    place: int
    texts: tuple[str | None, ...] | None


class Event(msgspec.Struct, CanMutateAggregate[UUID], frozen=True, kw_only=True):
    """Something that happened to one aggregate. Stored under `TOPIC`, which never changes.

    The first three fields are columns of the log; all others are its payload. A changed payload raises `class_version`
    and adds a static method `upcast_vN_vN+1(facts: dict) -> None` that mends the facts of version N in place.
    """

    TOPIC: ClassVar[str]
    class_version: ClassVar[int] = 1
    PERSONAL: ClassVar[bool] = True
    """Whether the payload goes when its subject is erased. Facts without a person in them are the tenant's and stay."""
    ERASES: ClassVar[bool] = False
    """Whether it says that its subject is erased. It is the stream's last; what is personal before it goes."""

    QUOTES: ClassVar[bool] = False
    """Whether it holds texts that belong to other subjects: each is sealed with its own subject's key and goes with that.
    `apply` does without them."""

    METERS: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that have calls of providers on record. An event with one is metered: what its calls cost is priced, charged,
    counted and checked."""

    MACHINE_MADE: ClassVar[bool] = False
    """Whether it holds a text that a machine wrote, and no person; exports mark it (EU AI Act, Art. 50)."""

    originator_id: UUID = NIL
    originator_version: int = 0
    timestamp: datetime = EPOCH

    def detach(self) -> tuple[Self, tuple[Quote, ...]]:
        """Without what is lent to it, and that."""
        return self, ()

    def attach(self, lent: Sequence[Quote]) -> Self:
        """Undoes `detach`."""
        return self

    def charge(self) -> Decimal | None:
        """USD that it charges as a whole on its own day; None: each call on its record is charged on the day on which that began."""
        return None

    def presumed(self) -> bool:
        """Whether the calls on its record are presumed: their process ended before it said what came of them, and what was held for them."""
        return False

    def _as_dict(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


class CreatedEvent(Event, CanInitAggregate[UUID], frozen=True, kw_only=True):
    """The first event of an aggregate."""

    @property
    def originator_topic(self) -> str:  # type: ignore[override]  # the library stores it; the topic tells it already
        return self.TOPIC.partition(".")[0]


COLUMNS = frozenset(Event.__struct_fields__)
"""Names of the fields that are columns of the log, not payload."""


S = TypeVar("S", bound=msgspec.Struct)
AnyEvent = Event  # within an aggregate `Event` means its own


class Aggregate(BaseAggregate[UUID], Generic[S]):
    """Base of all aggregates. Subclasses set `TOPIC` (the kind, as in `conversation/ID`) and `State`.

    No annotations in the class's body: the library would make it a dataclass.
    """

    TOPIC = ""
    chain = b""
    """Hash of the last stored event of the stream; empty before the first (docs/log.md)."""

    if TYPE_CHECKING:
        State: type[S]
        state: S

    class Event(Event, frozen=True, kw_only=True):
        """Base of this aggregate's events."""

    def __init__(self) -> None:
        self.state = self.State()

    @property
    def subject(self) -> UUID:
        """Whose key encrypts this stream's payloads. Destroying that key erases them. By default the stream's own."""
        return self.id

    @classmethod
    def create(cls, event_class: type[CreatedEvent], *, id: UUID, at: datetime, **facts: Any) -> Self:
        """Begin an aggregate with its first event."""
        event = event_class(originator_id=id, originator_version=1, timestamp=at, **facts)
        aggregate: Self | None = event.mutate(None)
        assert aggregate is not None
        aggregate.pending_events.append(event)
        return aggregate

    def trigger(self, event_class: type[AnyEvent], *, at: datetime, **facts: Any) -> None:
        """Record that `event_class` happened at `at` (UTC)."""
        # As the library's trigger_event, without its look into the registry of topics at every event: a test looks once.
        event = event_class(originator_id=self.id, originator_version=self.version + 1, timestamp=at, **facts)
        event.mutate(self)
        self.pending_events.append(event)

    @classmethod
    def restore(cls, id: UUID, version: int, state: S, created: datetime, modified: datetime) -> Self:
        """The aggregate as a snapshot had it."""
        aggregate = cls.__new__(cls)
        aggregate.__base_init__(originator_id=id, originator_version=version, timestamp=created)
        aggregate.modified_on = modified
        aggregate.state = state
        return aggregate

    @classmethod
    def replay(cls, events: Sequence[AnyEvent], aggregate: Self | None = None) -> Self | None:
        """Fold `events`, in the order of their versions, onto `aggregate` (None: from nothing)."""
        for event in events:
            aggregate = event.mutate(aggregate)
        return aggregate


def event_id(stream: UUID, version: int) -> UUID:
    """An event's id. It follows from its place in its stream, so that others can name it before it has a position in the log."""
    return uuid5(stream, str(version))


def event_class(topic: str) -> type[Event]:
    """The event class stored under `topic`. Raises eventsourcing's TopicError when there is none."""
    cls: type[Event] = resolve_topic(topic)
    return cls


def events_of(kind: type[Aggregate[Any]]) -> dict[str, type[Event]]:
    """Topic → event class, for all events of one aggregate class."""
    return {
        value.TOPIC: value
        for value in vars(kind).values()
        if isinstance(value, type) and issubclass(value, Event) and value.__name__ != "Event"
    }
