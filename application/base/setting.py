"""Settings: the aggregates of which a tenant has one. Read as they are, where they are; changed, and begun by the first change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from application.ports import Clock, Done, Due, Store
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.base.one_per_tenant import OnePerTenant

A = TypeVar("A", bound=OnePerTenant[Any])


class Changed(msgspec.Struct, Generic[A], frozen=True):
    """`version` 0: nothing was ever set. `position` 0: it was so already."""

    setting: A
    version: int
    position: int


async def latest_setting(kind: type[A], tenant: UUID, *, store: Store) -> A | None:
    """At most a second old, to be read only; None where nothing was ever set."""
    try:
        return await store.latest(kind, kind.id_of(tenant), tenant=tenant)
    except NotFound:
        return None


async def read_together(kinds: Sequence[type[OnePerTenant[Any]]], tenant: UUID, *, store: Store) -> None:
    """So that `latest_setting` has all of these at hand: what is missing is asked for at once."""
    if not store.has_latest(tenant, [kind.id_of(tenant) for kind in kinds]):
        await asyncio.gather(*(latest_setting(kind, tenant, store=store) for kind in kinds))


async def load_setting(kind: type[A], tenant: UUID, *, store: Store) -> A | None:
    """As of now; None where nothing was ever set."""
    try:
        return await store.load(kind, kind.id_of(tenant), tenant=tenant)
    except NotFound:
        return None


async def change_setting(
    kind: type[A],
    decide: Callable[[A], object],
    context: Context,
    *,
    store: Store,
    clock: Clock,
    inbox: str | None = None,
    work: Sequence[Due | Done] = (),
) -> Changed[A]:
    """Load or begin, decide, save once; again where somebody else was first, as `store.change`.

    `decide` triggers on it, and may be called again on a newer one. What is only begun, and then left as it is by default, is not saved.
    """
    version = 0

    def begun(known: A | None) -> A:
        nonlocal version
        setting = known if known is not None else kind.begin(context.tenant, clock())
        decide(setting)
        version = setting.version
        if known is None and len(setting.pending_events) == 1:
            setting.pending_events.clear()
            version = 0
        return setting

    setting, saved = await store.change(
        kind, kind.id_of(context.tenant), begun, context=context, inbox=inbox, work=work
    )
    return Changed(setting, version, saved.position)
