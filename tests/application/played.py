"""Providers, health, cache and counter, played: each does what the test tells it, and remembers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from uuid import UUID

from application.answers.ports import Suggesting
from application.budgets.fair_queue import FairQueue
from application.budgets.pool import ReservationPool
from application.channels.channels import ChannelUses
from application.gateway.providers import Providers
from application.ports import (
    CacheKind,
    Clock,
    Completer,
    Ids,
    Keyring,
    Leave,
    Offers,
    Place,
    ProviderError,
    Store,
    Typing,
)
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.retrieve import Retriever
from application.retrieval.sources.asking import InTime, Late
from domain.base.errors import Refused
from domain.gateway.health import Pause
from domain.models.catalogue import Catalogue
from domain.models.completion import Completion, CompletionRequest, Outcome, Usage
from domain.shop.catalogue import Catalogue as ShopCatalogue
from infra.ids import uuid7
from infra.providers.incoming import unheard

UNHEARD: frozenset[Outcome] = frozenset({"timeout", "unavailable"})
"""Outcomes of a provider that has not said so itself."""


class Scripted:
    """Answers, or fails, one after another; the last outcome stays. `pieces` are what it streams."""

    owner: UUID | None = None

    def __init__(
        self,
        name: str,
        *outcomes: Outcome,
        retry_after: float | None = None,
        again: bool | None = None,
        pieces: tuple[str, ...] = ("y", "es"),
        meanwhile: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self.name, self.outcomes, self.retry_after, self.pieces = name, list(outcomes), retry_after, pieces
        self.meanwhile, self.again = meanwhile, again
        self.before: Callable[[], Awaitable[object]] | None = None
        self.asked: list[CompletionRequest] = []
        self.closed = 0

    @property
    def calls(self) -> int:
        return len(self.asked)

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        outcome = self.outcomes[min(self.calls, len(self.outcomes) - 1)]
        self.asked.append(request)
        sent()
        if self.meanwhile is not None:
            await self.meanwhile()
        if outcome != "ok":
            raise ProviderError(
                outcome, "x", self.retry_after, again=self.again, definite=outcome not in UNHEARD
            )
        return self._completion()

    async def stream(
        self, request: CompletionRequest, sent: Callable[[], None] = unheard, left: Leave = unheard
    ) -> AsyncGenerator[str | Completion, None]:
        outcome = self.outcomes[min(self.calls, len(self.outcomes) - 1)]
        self.asked.append(request)
        sent()
        try:
            if self.before is not None:
                await self.before()
            for piece in self.pieces:
                yield piece
                if self.meanwhile is not None:
                    await self.meanwhile()
            if outcome != "ok":
                raise ProviderError(outcome, "x", self.retry_after, self._completion())
            yield self._completion()
        finally:
            self.closed += 1

    def _completion(self) -> Completion:
        usage = Usage(input=1_000_000, output=500_000)
        return Completion(text="".join(self.pieces), finish="stop", model="served", usage=usage)


class Completers:
    def __init__(self, *completers: Scripted) -> None:
        self.by_name = {completer.name: completer for completer in completers}

    async def find(self, tenant: UUID, provider: str) -> Completer:
        if provider not in self.by_name:
            raise Refused(f"there is no provider {provider}")
        return self.by_name[provider]


@dataclass
class PlayedHealth:
    """`sick` are provider/model → why; those in `limited` by a 429."""

    sick: dict[str, str] = field(default_factory=dict)
    limited: set[str] = field(default_factory=set)
    expected: float | None = None
    recorded: list[tuple[str, Outcome]] = field(default_factory=list)

    async def admit(self, place: Place) -> Pause | None:
        why = self.sick.get(place.id)
        return None if why is None else Pause(reason=why, seconds=3.0, limited=place.id in self.limited)

    async def record(
        self, place: Place, outcome: Outcome, latency_ms: float, retry_after: float | None = None
    ) -> None:
        self.recorded.append((f"{place.provider}/{place.model}", outcome))

    def overdue(self, place: Place) -> float | None:
        return self.expected


@dataclass
class PlayedCache:
    kept: dict[tuple[UUID, str, bytes], bytes] = field(default_factory=dict)

    async def once(
        self,
        tenant: UUID,
        kind: CacheKind,
        key: bytes,
        make: Callable[[], Awaitable[bytes | None]],
        *,
        group: str = "",
    ) -> tuple[bytes | None, bool]:
        if (tenant, kind, key) in self.kept:
            return self.kept[tenant, kind, key], True
        if (made := await make()) is not None:
            self.kept[tenant, kind, key] = made
        return made, False

    async def forget(self, tenant: UUID | None, kind: CacheKind, group: str = "") -> None:
        self.kept.clear()


class Words:
    """A word is a token."""

    def count(self, text: str, model: str | None) -> int:
        return len(text.split())

    def source(self, model: str | None) -> Literal["tokenizer", "estimate"]:
        return "estimate"


def played(
    *completers: Scripted, catalogue: Catalogue | None = None, health: PlayedHealth | None = None
) -> Providers:
    return Providers(
        completers=Completers(*completers),
        catalogue=catalogue or Catalogue({}, {}),
        counter=Words(),
        health=health or PlayedHealth(),
        cache=PlayedCache(),
    )


class NoOffers:
    """A tenant that offers nothing. Implements `Offers`."""

    async def get(self, tenant: UUID, at_least: int | None = None) -> ShopCatalogue:
        return ShopCatalogue([])


@dataclass(kw_only=True)
class PlayedPorts:
    """What an answer needs; where nothing is looked for, nor anybody named, without what that would need."""

    store: Store
    providers: Providers
    clock: Clock
    ids: Ids = uuid7
    keyring: Keyring = field(default_factory=lambda: cast(Any, None))
    embedder: MeteredEmbedder = field(default_factory=lambda: cast(Any, None))
    retriever: Retriever = field(default_factory=lambda: cast(Any, None))
    in_time: InTime = field(default_factory=lambda: InTime(seconds=60, late=Late()))
    offers: Offers = field(default_factory=NoOffers)
    suggesting: Suggesting = field(default_factory=lambda: cast(Any, None))
    typing: Typing = field(default_factory=lambda: cast(Any, None))
    reservation_pool: ReservationPool | None = None
    budget_queue: FairQueue = field(default_factory=FairQueue)

    @property
    def uses(self) -> ChannelUses:
        return ChannelUses(self.store)
