"""Work of any kind: the context in which an item is done, and what several kinds need."""

from __future__ import annotations

from typing import Protocol

from application.ports import Cache, Ids, Item
from domain.base.context import Context, correlation


class Caching(Protocol):
    """Of the providers, the cache: what is erased goes from it too."""

    @property
    def cache(self) -> Cache: ...


def context_of(item: Item, ids: Ids, part: str = "worker") -> Context:
    """What comes of work goes on with what the work came of."""
    context = Context(
        tenant=item.tenant,
        actor=f"system:{part}",
        correlation=item.correlation or ids(),
        causation=item.causation,
    )
    correlation.set(str(context.correlation))
    return context
