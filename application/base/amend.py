"""Commands about something that there must be: load, decide, save once; again where somebody else was first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from application.ports import Saved, Store, Work
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.errors import nowhere

A = TypeVar("A", bound=Aggregate[Any])


async def amend(
    kind: type[A],
    id: UUID,
    decide: Callable[[A], object],
    *,
    context: Context,
    store: Store,
    inbox: str | None = None,
    work: Work | Callable[[A], Work] = (),
) -> tuple[A, Saved]:
    """As `store.change`, of an aggregate that exists. `decide` triggers on it, and may be called again on a newer one.

    Raises NotFound.
    """

    def found(aggregate: A | None) -> A:
        if aggregate is None:
            raise nowhere(kind.TOPIC, id)
        decide(aggregate)
        return aggregate

    return await store.change(kind, id, found, context=context, inbox=inbox, work=work)
