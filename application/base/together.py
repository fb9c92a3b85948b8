"""Several aggregates in one transaction: load, decide, save once; again where somebody else was first."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar
from uuid import UUID

from application.ports import Done, Due, Saved, Store
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.base.one_per_tenant import OnePerTenant

T = TypeVar("T")

RACES = 20
"""How often it begins again after a lost race."""


async def change_together(
    load: Callable[[], Awaitable[T]],
    decide: Callable[[T], Iterable[Aggregate[Any]]],
    context: Context,
    *,
    store: Store,
    work: Callable[[T], Sequence[Due | Done]] = lambda _: (),
    turns: Collection[UUID] = (),
) -> tuple[T, Saved]:
    """`decide` triggers on what was loaded, and returns the aggregates that it may have changed; it may be called again on newer ones. A
    setting that was only begun is not saved. Where nothing has changed, nothing is written, and the position is 0.

    `turns`: ids of aggregates for which many race. Within a process they are queued; only those between processes are run.

    Raises Conflict where the race was lost again and again, or where one of them is not at the version that the context expects.
    """
    async with AsyncExitStack() as stack:
        for id in sorted(set(turns)):  # in one order, so that no two wait for each other
            await stack.enter_async_context(store.turn(id))
        return await _raced(load, decide, context, store, work)


async def _raced(
    load: Callable[[], Awaitable[T]],
    decide: Callable[[T], Iterable[Aggregate[Any]]],
    context: Context,
    store: Store,
    work: Callable[[T], Sequence[Due | Done]],
) -> tuple[T, Saved]:
    for race in range(RACES):
        loaded = await load()
        aggregates = list(decide(loaded))
        changed = [aggregate for aggregate in aggregates if _changed(aggregate)]
        for aggregate in aggregates:
            _check(aggregate, context)
        if not changed:
            return loaded, Saved(position=0)
        try:
            return loaded, await store.save(*changed, context=context, work=work(loaded))
        except Conflict:
            if race == RACES - 1:
                raise
            await asyncio.sleep(random.uniform(0, min(0.1, 0.001 * 2**race)))
    raise AssertionError("unreachable")


def _changed(aggregate: Aggregate[Any]) -> bool:
    events = aggregate.pending_events
    begun = isinstance(aggregate, OnePerTenant) and len(events) == 1 == aggregate.version
    return bool(events) and not begun


def _check(aggregate: Aggregate[Any], context: Context) -> None:
    expected, before = context.expected, aggregate.version - len(aggregate.pending_events)
    if expected is not None and expected.stream == aggregate.id and before not in expected.versions:
        raise Conflict(f"somebody else has changed this; it is at version {before} now", version=before)
