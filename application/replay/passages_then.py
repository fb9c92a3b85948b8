"""The passages that an answer had, in the place of a search in today's documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from uuid import UUID

from application.answers.ports import Named, Ports, Suggesting
from application.budgets.fair_queue import FairQueue
from application.budgets.pool import ReservationPool
from application.gateway.providers import Providers
from application.learning.recorded import RecordedAnswer
from application.ports import Clock, Ids, Keyring, Offers, Store, Typing
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.query import Query
from application.retrieval.retrieve import Retrieval, Retriever
from application.retrieval.sources.asking import InTime
from domain.answers.suggesting.known import Known
from domain.models.completion import Passage
from domain.retrieval.embedding_model import LOCAL


@dataclass
class RecordedPassages:
    """The passages that were found then, in the place of a search. Implements `Retriever`."""

    passages: Sequence[Passage]
    waiting: int

    async def retrieve(self, query: Query) -> Retrieval:
        return Retrieval(passages=tuple(self.passages[: query.limit]), pending=self.waiting)


@dataclass
class RecordedSuggesting:
    """What was known then to suggest. Implements `Suggesting`."""

    then: Known

    async def known(self, tenant: UUID, conversation: UUID, named: Sequence[Named]) -> Known:
        return self.then


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
    retriever: Retriever
    in_time: InTime
    offers: Offers
    suggesting: Suggesting
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
        "retriever": RecordedPassages(recorded.passages, recorded.pending),
        "embedder": BuiltInEmbedder(**parts),
        "suggesting": RecordedSuggesting(recorded.known),
    }
    return ReplayPorts(**{**given, **instead})
