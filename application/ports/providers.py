"""The models that answer, how their providers do, and what they need no longer be asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol, get_args
from uuid import UUID

import msgspec

from domain.gateway.default_policy import ProviderTiers
from domain.gateway.health import Lately, Pause
from domain.models.choices import ChoicePiece
from domain.models.completion import Attempt, Completion, CompletionRequest, Outcome
from domain.models.tools import ToolCallPiece
from domain.tenancy.state import ProviderKey

Piece = str | ToolCallPiece | ChoicePiece
"""Of an answer on its way: a text and a call are of the first choice."""

Leave = Callable[[Completion | None, bool], None]
"""Takes what has come of an answer (None: nothing), with the usage that the provider has told, and whether it has ended."""


class Completer(Protocol):
    """One provider, with one key.

    `sent` is called as soon as the request is on its way to the provider, which from then on may bill it, whatever becomes of it.
    """

    name: str
    owner: UUID | None
    """The tenant whose own key it has; None: the deployment's."""

    options: frozenset[str]
    """Of a request's options those that it passes on, where its model knows them."""

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = ...) -> Completion:
        """Raises ProviderError."""

    def stream(
        self, request: CompletionRequest, sent: Callable[[], None] = ..., left: Leave = ...
    ) -> AsyncGenerator[Piece | Completion, None]:
        """Pieces of the text, and of calls of tools, as they come, and at the end the whole. Raises ProviderError, with `partial` once a piece has come.

        Closing the generator ends the call at the provider as well. `left` is called when it is closed, or cancelled, before the whole.
        """


class Completers(Protocol):
    """The providers that there are, by name."""

    async def find(self, tenant: UUID, provider: str) -> Completer:
        """With the tenant's own key where it has one. Raises Refused with the names there are."""


class CallObserver(Protocol):
    """Is told of every call of a provider, for metrics and traces."""

    def called(
        self,
        attempt: Attempt,
        request: CompletionRequest | None = None,
        completion: Completion | None = None,
    ) -> None:
        """`request` and what came of it, unless it was a call of an embedding model. It is called where the call was made, when it has ended."""


class KeyedProviders(Protocol):
    """The providers that take a tenant's own key."""

    async def check(self, provider: str, base_url: str | None) -> None:
        """Raises NotFound for a provider that takes no key, Refused where it can't be asked at this address."""

    def tiers(self, own: Mapping[str, ProviderKey], at: datetime) -> Sequence[ProviderTiers]:
        """The models by tier of the providers that a tenant can ask, with the deployment's keys and its `own`, the first choice first."""


class Counter(Protocol):
    """Tokens of a text, where no provider has counted them."""

    def count(self, text: str, model: str | None) -> int:
        """As `model` counts them; None: by estimate, in no time."""

    def source(self, model: str | None) -> Literal["tokenizer", "estimate"]:
        """How `count` counts for this model."""

    def text_of(self, tokens: Sequence[int], model: str) -> str | None:
        """The text of tokens of a model; None where its vocabulary is not at hand. Raises Invalid for what is no token of it."""


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

    async def admit(self, place: Place) -> Pause | None:
        """None: ask it (it is healthy, or this call is the probe). Else why not. Who has nobody else may ask it all the same."""

    async def record(
        self, place: Place, outcome: Outcome, latency_ms: float, retry_after: float | None = None
    ) -> None:
        """How a call ended. Every call that was admitted, or was made, is recorded, cancelled ones too."""

    def overdue(self, place: Place) -> float | None:
        """Seconds after which a call without a sign of life is to be recorded as timed out, though it goes on; None: not known."""


class HealthKeeper(Protocol):
    """For those who look after the providers."""

    async def all(self) -> Mapping[Place, Lately]:
        """What is known of every place that was called within an hour."""

    async def reset(self, places: Collection[Place]) -> None:
        """Forget how they did: they are asked again at once, by all processes; without Redis by this one."""


CacheKind = Literal["responses", "embeddings", "searches"]


CACHE_KINDS: tuple[CacheKind, ...] = get_args(CacheKind)


Keep = Callable[[Mapping[int, bytes]], Awaitable[None]]
"""Keeps values by the places of their keys."""


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

    async def found(
        self, tenant: UUID, kind: CacheKind, keys: Sequence[bytes], *, group: str = ""
    ) -> tuple[Sequence[bytes | None], Keep]:
        """What is kept under each of the keys, and what keeps others under them, for whoever makes what is missing."""

    async def forget(self, tenant: UUID | None, kind: CacheKind, group: str = "") -> None:
        """Drop a tenant's entries (None: everybody's) of a group (empty: all)."""
