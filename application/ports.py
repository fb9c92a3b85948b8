"""What the use cases need from the outside: one protocol a role, implemented in `infra/`.

Faults (not refusals) that a port may raise:

Fault
├── Unavailable     a server that we need does not answer; try again later        HTTP 503
├── ProviderError   a provider's call failed; `outcome` says how                  never shown as our 5xx
└── others          named where they are raised                                   HTTP 503
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar, get_args
from uuid import UUID

import msgspec

from application.context import Context
from domain.base import Aggregate
from domain.completion import Completion, CompletionRequest, Outcome, Passage
from domain.health import Lately
from domain.recorded import Recorded
from domain.rollout import Sides

A = TypeVar("A", bound=Aggregate[Any])

Clock = Callable[[], datetime]
"""Now, in UTC."""

Ids = Callable[[], UUID]
"""A new UUIDv7."""


class Fault(Exception):
    """Something that we need failed."""


class Unavailable(Fault):
    """A server that this request needs does not answer; try again later."""


class ProviderError(Fault):
    """A provider's call failed. `retry_after` is in seconds, where the provider named it.

    `partial` is what came before it failed, with the usage that it will be billed for (a stream that was cut).
    """

    def __init__(
        self,
        outcome: Outcome,
        detail: str,
        retry_after: float | None = None,
        partial: Completion | None = None,
    ) -> None:
        self.outcome, self.detail, self.retry_after, self.partial = outcome, detail, retry_after, partial
        super().__init__(f"{outcome}: {detail}")


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """Work that the saved change makes due; joins the row of the same (tenant, kind, key) that is there already."""

    kind: str
    key: str
    due_at: datetime


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """Work that the saved change has done."""

    kind: str
    key: str


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a figure that many commands share; refused when the sum would leave [`low`, `high`]."""

    kind: str
    key: str
    change: int
    low: int = 0
    high: int


class Tallied(msgspec.Struct, frozen=True, kw_only=True):
    """Tallies' values by key, as they were when the log ended at `position`. What is not there is zero."""

    values: Mapping[str, int]
    position: int


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is the tenant's sequence number of the last event written, or of the first effect of a duplicate."""

    position: int
    duplicate: bool = False


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events of the log: those to which all that is given applies. `until` is the last moment that still counts."""

    stream: UUID | None = None
    topics: tuple[str, ...] = ()
    actor: str | None = None
    correlation: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class Found(msgspec.Struct, frozen=True):
    """Some of the events that are wanted, in order. Up to position `reached` there are no others."""

    events: Sequence[Recorded]
    reached: int


class Store(Protocol):
    """The log, one aggregate at a time."""

    async def load(self, kind: type[A], id: UUID, *, tenant: UUID, version: int | None = None) -> A:
        """The aggregate, at `version` if given. Raises NotFound."""

    async def latest(self, kind: type[A], id: UUID, *, tenant: UUID) -> A:
        """The aggregate as of at most a second ago, shared and cached: to be read, never to be changed."""

    async def save(
        self,
        *aggregates: Aggregate[Any],
        context: Context,
        inbox: str | None = None,
        work: Sequence[Owed | Settled] = (),
        tallies: Sequence[Tally] = (),
    ) -> Saved:
        """Append all pending events in one transaction, with the inbox key, the work and the tallies.

        An inbox key that is known makes the whole a duplicate: nothing is written. Raises Conflict when a stream has
        moved on, LimitReached when a tally's bound does not hold, Unavailable when the outcome can't be learned.
        """

    async def change(
        self,
        kind: type[A],
        id: UUID,
        decide: Callable[[A | None], A],
        *,
        context: Context,
        inbox: str | None = None,
        work: Sequence[Owed | Settled] = (),
    ) -> tuple[A, Saved]:
        """load → decide → save, again when the race was lost. `decide` gets None when there is no such aggregate.

        Where it changes nothing, nothing is written, and the position is 0.
        """

    async def tallies(self, tenant: UUID, kind: str, keys: Collection[str] | None = None) -> Tallied:
        """The tenant's tallies of a kind: these, or all."""

    async def event(self, tenant: UUID, position: int) -> Recorded:
        """One event by its position. Raises NotFound."""

    def stream(
        self, tenant: UUID, stream: UUID, *, after: int = 0, limit: int | None = None
    ) -> AsyncIterator[Recorded]:
        """The events of a stream in order of version, from version `after` + 1 on."""

    def events(
        self, tenant: UUID, *, after: int = 0, limit: int | None = None, topics: Sequence[str] = ()
    ) -> AsyncIterator[Recorded]:
        """The tenant's events in order of position, from `after` + 1 on; `topics` keeps only those."""

    def find(self, tenant: UUID, wanted: Wanted, *, after: int, until: int) -> AsyncIterator[Found]:
        """The tenant's events that are wanted, from position `after` + 1 to `until`, with news of how far it has come.

        Whoever has enough may stop.
        """


class Authorship(Protocol):
    """Which answers have a text."""

    async def find(self, tenant: UUID, fingerprints: Collection[bytes], limit: int) -> Sequence[Writing]:
        """The newest `limit` answers with one of these fingerprints (domain/authorship.py), the newest first."""


class Keyring(Protocol):
    """Keys per subject under tenant keys under a master key."""

    def seal(self, tenant: UUID, subject: UUID, data: bytes, context: bytes) -> Awaitable[bytes]:
        """Encrypt under the subject's key (made if there is none); `context` must be the same when unsealing."""

    def unseal(self, tenant: UUID, data: bytes, context: bytes) -> Awaitable[bytes]:
        """Decrypt what `seal` gave. Raises NotFound when the subject's key was destroyed."""

    def identify(self, tenant: UUID, *parts: str) -> Awaitable[UUID]:
        """A stable id for a name, which nobody without the tenant's key can link to it."""


class KeyKeeper(Protocol):
    """Wraps keys anew; what a subject's key sealed is never rewritten. Everything may be done again after a crash."""

    @property
    def master(self) -> str:
        """Fingerprint of the current master key."""

    async def newest(self, tenant: UUID) -> int:
        """The newest generation of the tenant's key, 0 if it has none yet."""

    async def outdated(self, tenant: UUID) -> int:
        """How many subjects' keys are wrapped with an older generation."""

    async def retired(self, tenant: UUID) -> int:
        """How many of the tenant's keys are not known to be wrapped with the current master key."""

    async def begin(self, tenant: UUID, generation: int) -> None:
        """Make the generation, if it is not there yet."""

    async def rewrap_subjects(self, tenant: UUID, progress: Callable[[int], object]) -> int:
        """Wrap all subjects' keys with the newest generation, those too that other processes still make for some seconds.

        Returns how many there were; `progress` hears how many so far.
        """

    async def rewrap_tenant(self, tenant: UUID) -> int:
        """Wrap the tenant's keys with the current master key; how many were not. Raises Fault where one does not open."""


class Completer(Protocol):
    """One provider, with one key."""

    name: str
    owner: UUID | None
    """The tenant whose own key it has; None: the deployment's."""

    async def complete(self, request: CompletionRequest) -> Completion:
        """Raises ProviderError."""

    def stream(self, request: CompletionRequest) -> AsyncGenerator[str | Completion, None]:
        """Pieces of the text as they come, and at the end the whole. Raises ProviderError, with `partial` once a piece has come.

        Closing the generator ends the call at the provider as well.
        """


class Completers(Protocol):
    """The providers that there are, by name."""

    async def find(self, tenant: UUID, provider: str) -> Completer:
        """With the tenant's own key where it has one. Raises Refused with the names there are."""


class KeyedProviders(Protocol):
    """The providers that take a tenant's own key."""

    async def check(self, provider: str, base_url: str | None) -> None:
        """Raises NotFound for a provider that takes no key, Refused where it can't be asked at this address."""


class Counter(Protocol):
    """Tokens of a text, where no provider has counted them."""

    def count(self, text: str, model: str) -> int: ...

    def source(self, model: str) -> Literal["tokenizer", "estimate"]:
        """How `count` counts for this model."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What has a health of its own: a model of a provider's; with a tenant's own key apart from all others."""

    provider: str
    model: str
    owner: UUID | None = None

    @property
    def id(self) -> str:
        """provider/model"""
        return f"{self.provider}/{self.model}"


class Health(Protocol):
    """How providers did lately, shared by all processes (alone where Redis is gone). Never fails, never waits for long."""

    async def admit(self, place: Place) -> str | None:
        """None: ask it (it is healthy, or this call is the probe). Else why not, for the record."""

    async def record(
        self, place: Place, outcome: Outcome, latency_ms: float, retry_after: float | None = None
    ) -> None:
        """How a call ended. Every call that was admitted is recorded, cancelled ones too."""


class HealthKeeper(Protocol):
    """For those who look after the providers."""

    async def all(self) -> Mapping[Place, Lately]:
        """What is known of every place that was called within an hour."""

    async def reset(self, places: Collection[Place]) -> None:
        """Forget how they did: they are asked again at once, by all processes; without Redis by this one."""


CacheKind = Literal["responses", "embeddings", "searches"]
CACHE_KINDS: tuple[CacheKind, ...] = get_args(CacheKind)


class Cache(Protocol):
    """What may be lost: in Redis, per tenant, sealed, for as long as its kind says. Never fails; without Redis it keeps nothing."""

    async def once(
        self,
        tenant: UUID,
        kind: CacheKind,
        key: bytes,
        make: Callable[[], Awaitable[bytes | None]],
        *,
        group: str = "",
    ) -> tuple[bytes | None, bool]:
        """What is kept under `key`, else what `make` gives, which is kept then; and whether it was kept or made by another.

        `group` is what `forget` can name: the provider that made it. Of callers at the same moment one makes it, in all processes; the others wait for it, and make it themselves if it failed
        (None, or raised).
        """

    async def forget(self, tenant: UUID | None, kind: CacheKind, group: str = "") -> None:
        """Drop a tenant's entries (None: everybody's) of a group (empty: all)."""


class Embedder(Protocol):
    """Texts to unit vectors."""

    model: str
    dimension: int

    async def embed(self, texts: Sequence[str]) -> list[list[float]]: ...

    def count_tokens(self, text: str) -> int: ...


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document, ready for the index."""

    id: str
    ordinal: int
    page: int | None
    section: str | None
    tokens: int
    text: str
    embedding: list[float]


class Vectors(Protocol):
    """The tenant's chunks and their vectors."""

    async def replace(
        self, tenant: UUID, document: UUID, title: str, model: str, chunks: Sequence[Chunk]
    ) -> None:
        """Put a document's chunks in the place of those that it had."""

    async def search(self, tenant: UUID, embedding: Sequence[float], model: str, limit: int) -> list[Passage]:
        """The nearest chunks, best first: always min(limit, number of chunks)."""

    async def delete(self, tenant: UUID, document: UUID) -> None: ...


class Files(Protocol):
    """Contents of documents, encrypted, per tenant."""

    async def write(self, tenant: UUID, document: UUID, content: bytes) -> None: ...

    async def read(self, tenant: UUID, document: UUID) -> bytes:
        """Raises NotFound."""

    async def delete(self, tenant: UUID, document: UUID) -> None: ...


class ExtractedPage(msgspec.Struct, frozen=True):
    number: int
    text: str


class Extractor(Protocol):
    def sniff(self, content: bytes) -> str:
        """The media type by content. Raises Invalid for what can't be read, with the types that can."""

    async def extract(self, content: bytes, media_type: str) -> Sequence[ExtractedPage]:
        """Raises Refused with a reason for a person."""


class Located(msgspec.Struct, frozen=True):
    """Where an interaction's events are: in this conversation's stream, from this version on."""

    conversation: UUID
    first_version: int


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, of a conversation or of a call, and the position at which the log has it."""

    stream: UUID
    position: int


class Locator(Protocol):
    """Finds what an id belongs to."""

    async def locate(self, tenant: UUID, interaction: UUID) -> Located:
        """Raises NotFound."""


class Kept(msgspec.Struct, frozen=True):
    """The response that a request got: to be given again when the request comes again."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Idempotency(Protocol):
    """First results of requests by their Idempotency-Key, for at least 24 hours."""

    async def begin(self, tenant: UUID, key: str, fingerprint: bytes) -> Kept | None:
        """None: go on, then `finish` or `abandon`. Else the first result.

        Raises Refused when the key belongs to another request, Conflict while the first one is running.
        """

    async def finish(self, tenant: UUID, key: str, kept: Kept) -> None:
        """Keep the first result."""

    async def abandon(self, tenant: UUID, key: str) -> None:
        """There is no result worth keeping: the request may come again at once."""


class KeyUse(Protocol):
    """When API keys were last used. May be forgotten."""

    async def used(self, tenant: UUID, key: str, at: datetime) -> None: ...

    async def last(self, tenant: UUID) -> dict[str, datetime]:
        """Key id → time, within a minute; keys that nothing is known of are left out."""


class Directory(Protocol):
    """Which tenants there are."""

    async def tenants(self, *, after: UUID, limit: int) -> list[UUID]:
        """Ids in their order, from the one after `after` on."""


class Eraser(Protocol):
    async def calls_of(self, tenant: UUID, user: UUID) -> Sequence[UUID]:
        """The calls that the user's key sealed, and that are not blanked yet."""

    async def erase(self, tenant: UUID, subject: UUID) -> int:
        """Destroy the subject's key; blank, or remove, whatever was sealed with it. Returns how many events were blanked."""


class IdleConversation(msgspec.Struct, frozen=True, kw_only=True):
    """`last_at`: when something last happened in it."""

    conversation: UUID
    last_at: datetime


class Idle(Protocol):
    """Conversations in which nothing happens, as far as the read model knows."""

    async def find(
        self, tenant: UUID, *, until: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[IdleConversation]:
        """Those whose last event is older than `until`, the oldest first; `after` is the (last_at, conversation) of the last one seen."""


class Metrics(Protocol):
    """How answers do while something is rolled out."""

    async def of(self, tenant: UUID, rollout: UUID, step: int) -> Sides:
        """Of all that was answered since the step began until now. Raises Unavailable while the read model is behind."""
