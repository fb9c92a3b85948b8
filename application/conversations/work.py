"""The work of conversations: an answer to what a customer has said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from application.base.work import context_of
from application.conversations.conversation import ANSWER_WORK, Answer, answer
from application.gateway.providers import Providers
from application.ports import Clock, Ids, Item, Kind, Store, Vectors
from application.retrieval.embedding import MeteredEmbedder

PATIENCE = 300.0
"""Seconds for which a worker waits for room in a tenant's budget before it tries again later."""


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def embedder(self) -> MeteredEmbedder: ...
    @property
    def vectors(self) -> Vectors: ...
    @property
    def providers(self) -> Providers: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_answer(item: Item) -> None:
        more = True
        while more:
            given = await answer(
                Answer(conversation=UUID(item.key), patience=PATIENCE),
                context_of(item, p.ids),
                store=p.store,
                embedder=p.embedder,
                vectors=p.vectors,
                providers=p.providers,
                clock=p.clock,
                ids=p.ids,
            )
            more = given is not None and given.more

    return {
        ANSWER_WORK: Kind(handler=do_answer),
    }
