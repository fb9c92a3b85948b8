"""Retriever: the passages that an answer may rest on, from all sources that the query is for, as many as came in time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import msgspec

from application.base.steps import step
from application.ports import Clock, Store, Unavailable
from application.retrieval.as_now import as_now, is_offered
from application.retrieval.query import Query
from application.retrieval.sources.asking import Asked, InTime
from application.retrieval.sources.source import Brought, PassageSource
from domain.models.completion import Passage
from domain.retrieval.results.lookup import Lookup
from domain.retrieval.results.ranking import CERTAIN, rank

NOW = "now"
"""Name of the look at the offers that were found as they are at this moment."""


class Retrieval(msgspec.Struct, frozen=True, kw_only=True):
    """The best first. `pending`: how many documents no passage can come of yet. `lookups`: how each source did that was asked;
    `ms`: how long all of it took."""

    passages: tuple[Passage, ...] = ()
    pending: int = 0
    lookups: tuple[Lookup, ...] = ()
    ms: float = 0.0


class Retriever(Protocol):
    async def retrieve(self, query: Query) -> Retrieval:
        """Takes no longer than its time-outs, whatever its sources do. Raises Unavailable where none of the tenant's own can be asked: the answer is made later."""


@dataclass(frozen=True, kw_only=True)
class SourcesRetriever:
    """Sources in the order in which they count where they bring the same. Each is asked `in_time`, and then the shop how things stand. Implements `Retriever`."""

    sources: Sequence[PassageSource]
    store: Store
    clock: Clock
    in_time: InTime

    @step("retrieve")
    async def retrieve(self, query: Query) -> Retrieval:
        began = time.perf_counter()
        asked = [each for each in self.sources if each.serves(query)]
        works = {each.name: partial(each.find, query) for each in asked}
        others = frozenset(each.name for each in asked if not each.own)
        found = await self.in_time.ask(works, others=others, spared=partial(_spared, asked))
        away = [found[each.name].error for each in asked if each.own]
        if away and all(isinstance(error, Unavailable) for error in away):
            raise Unavailable(str(away[0]))
        came = {name: each.value for name, each in found.items() if each.value is not None}
        best = rank(
            (each.ranked for each in came.values()),
            query.limit,
            query.interests,
            self.clock(),
            query.likings,
        )
        passages, look = await self._as_now([each.passage for each in best], query)
        return Retrieval(
            passages=passages,
            pending=max((each.pending for each in came.values()), default=0),
            lookups=(*[_counted(each) for each in found.values()], *look),
            ms=round(1000 * (time.perf_counter() - began), 3),
        )

    async def _as_now(
        self, passages: Sequence[Passage], query: Query
    ) -> tuple[tuple[Passage, ...], tuple[Lookup, ...]]:
        """As they stand in the index where that can't be told in time."""
        if not any(is_offered(each) for each in passages):
            return tuple(passages), ()
        look = partial(as_now, passages, query, store=self.store, clock=self.clock)
        asked = (await self.in_time.ask({NOW: look}))[NOW]
        return (tuple(passages) if asked.value is None else asked.value), (asked.lookup,)


def _spared(sources: Sequence[PassageSource], came: Mapping[str, Brought]) -> frozenset[str]:
    """Others than the tenant's own, once something of the tenant's own is certain."""
    own = [came[each.name] for each in sources if each.own and each.name in came]
    if not any(ranked.relevance >= CERTAIN for each in own for ranked in each.ranked):
        return frozenset()
    return frozenset(each.name for each in sources if not each.own)


def _counted(asked: Asked[Brought]) -> Lookup:
    if asked.value is None:
        return asked.lookup
    found = len(asked.value.ranked)
    return msgspec.structs.replace(asked.lookup, found=found, outcome="found" if found else "nothing")
