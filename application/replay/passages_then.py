"""The passages that an answer had, in the place of a search in today's documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from uuid import UUID

from application.answers.ports import Ports
from application.budgets.fair_queue import FairQueue
from application.budgets.pool import ReservationPool
from application.gateway.providers import Providers
from application.learning.recorded import RecordedAnswer
from application.ports import Clock, Ids, Keyring, Matched, Searched, Searcher, Store, Typing
from application.retrieval.embedding.metered import MeteredEmbedder
from domain.models.completion import Passage
from domain.retrieval.embedding_model import LOCAL
from domain.retrieval.synonyms import Groups


@dataclass
class RecordedPassages:
    """The passages that were found then, in the place of a search. Implements `Searcher`."""

    passages: Sequence[Passage]
    waiting: int

    async def search(
        self,
        tenant: UUID,
        embedding: Sequence[float],
        model: str,
        limit: int,
        among: Sequence[UUID] | None = None,
    ) -> Searched:
        return Searched(passages=self.passages[:limit], pending=self.waiting, merged=True)

    async def match(
        self,
        tenant: UUID,
        question: str,
        embedding: Sequence[float],
        model: str,
        limit: int,
        synonyms: Groups = (),
    ) -> Matched:
        return Matched()

    async def pending(self, tenant: UUID) -> int:
        return self.waiting


@dataclass(frozen=True, kw_only=True)
class ReplayPorts:
    """As those of an answer, with passages of then."""

    store: Store
    clock: Clock
    ids: Ids
    reservation_pool: ReservationPool | None
    budget_queue: FairQueue
    providers: Providers
    keyring: Keyring
    embedder: MeteredEmbedder
    vectors: Searcher
    typing: Typing


@dataclass(frozen=True, kw_only=True)
class BuiltInEmbedder(MeteredEmbedder):
    """Whatever model the tenant has: nothing is found by a vector here, and none is worth its price."""

    async def serving(self, tenant: UUID) -> str:
        return LOCAL


def with_passages(recorded: RecordedAnswer, ports: Ports) -> ReplayPorts:
    given = {each.name: getattr(ports, each.name) for each in fields(ReplayPorts)}
    parts = {each.name: getattr(ports.embedder, each.name) for each in fields(MeteredEmbedder)}
    instead = {
        "vectors": RecordedPassages(recorded.passages, recorded.pending),
        "embedder": BuiltInEmbedder(**parts),
    }
    return ReplayPorts(**{**given, **instead})
