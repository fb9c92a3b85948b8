"""What a case's answers are made again with: no deployment, no database, no provider. What an answer must not ask for there is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid5

from application.answers.ports import Ports
from application.budgets.fair_queue import FairQueue
from application.gateway.providers import Providers
from application.learning.recorded_form import RecordedAnswer
from application.ports import Clock, Counter, Ids
from application.replay.passages_then import RecordedPassages, RecordedSuggesting
from application.retrieval.sources.asking import InTime, Late
from domain.base.errors import Refused
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt
from domain.retrieval.embedding_model import LOCAL
from domain.shop.catalogue import Catalogue as Shop

SECONDS = 10.0
"""That what is asked on the way may take: all of it is in memory."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a case needs of today's Retrace. `embed`: texts → unit vectors of the built-in model; `catalogue`: the shipped models."""

    catalogue: Catalogue
    counter: Counter
    embed: Callable[[Sequence[str]], Awaitable[list[list[float]]]]
    clock: Clock
    ids: Ids


@dataclass(frozen=True)
class CaseStore:
    """When documents came; there is nothing else of a log."""

    came: Mapping[UUID, datetime]

    async def stream(self, tenant: UUID, stream: UUID, **_: Any) -> AsyncIterator[Any]:
        if stream in self.came:
            yield _Came(self.came[stream])

    def __getattr__(self, name: str) -> Any:
        raise Refused(
            f"a case has no log, and its answer asks for it ({name}): replay it in a deployment, with `retrace replay answers`"
        )


@dataclass(frozen=True)
class _Came:
    recorded_at: datetime


@dataclass(frozen=True)
class CaseKeys:
    """Names that cannot be read, as none of a deployment."""

    async def identify(self, tenant: UUID, *parts: str) -> UUID:
        return uuid5(tenant, "\0".join(parts))


@dataclass(frozen=True)
class CaseOffers:
    """The catalogue is not in a case."""

    async def get(self, tenant: UUID) -> Shop:
        return Shop(())


@dataclass
class CaseEmbedder:
    """The built-in model, which is not metered."""

    embed: Callable[[Sequence[str]], Awaitable[list[list[float]]]]
    model: str = LOCAL

    async def serving(self, tenant: UUID) -> str:
        return LOCAL

    async def of_ours(self, texts: tuple[str, ...]) -> list[list[float]]:
        return await self.embed(texts)

    async def like_ours(self, texts: Sequence[str]) -> list[list[float]]:
        return await self.embed(texts)

    @asynccontextmanager
    async def metering(self, *_: Any, **__: Any) -> AsyncIterator[CaseEmbedder]:
        yield self

    def keeping(self, *_: Any, **__: Any) -> nullcontext[None]:
        return nullcontext()

    def take(self) -> list[Attempt]:
        return []


@dataclass(frozen=True)
class Nobody:
    """In the place of what no case may ask: providers, their health, caches."""

    def __getattr__(self, name: str) -> Any:
        raise Refused(f"a case asks nobody ({name})")


@dataclass(frozen=True, kw_only=True)
class CaseParts:
    store: Any
    keyring: Any
    embedder: Any
    retriever: Any
    suggesting: Any
    offers: Any
    providers: Providers
    in_time: InTime
    clock: Clock
    ids: Ids
    reservation_pool: None = None
    budget_queue: FairQueue = field(default_factory=FairQueue)
    typing: Any = field(default_factory=Nobody)


def parts_for(recorded: RecordedAnswer, came: Mapping[UUID, datetime], bench: Bench) -> Ports:
    """Of one answer: with the passages, and what was known to suggest, of then."""
    nobody: Any = Nobody()
    parts = CaseParts(
        store=CaseStore(came),
        keyring=CaseKeys(),
        embedder=CaseEmbedder(bench.embed),
        retriever=RecordedPassages(recorded.passages, recorded.pending),
        suggesting=RecordedSuggesting(recorded.known),
        offers=CaseOffers(),
        providers=Providers(
            completers=nobody,
            catalogue=bench.catalogue,
            counter=bench.counter,
            health=nobody,
            cache=nobody,
        ),
        in_time=InTime(seconds=SECONDS, late=Late()),
        clock=bench.clock,
        ids=bench.ids,
    )
    return cast(Ports, parts)
