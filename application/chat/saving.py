"""Saving a call of an app's: once, under the key of the user whom it names, with what it cost and the end of what was held for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from application.answers.ports import Ports
from application.budgets.hold import Hold, refresh
from application.budgets.settled_save import settled_save
from application.chat.end_user import id_of_user, one_more_call, was_forgotten
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, LimitReached
from domain.models.completion import Attempt

A = TypeVar("A", bound=Aggregate[Any])

RACES = 5
"""How often it is saved again after a lost race."""


async def save_under_user(
    make: Callable[[UUID | None], A],
    user: str | None,
    attempts: Sequence[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> tuple[A, int]:
    """What `make` makes for the id of the user, None where the app names none, and its position. Who was forgotten and comes back begins anew."""
    if not user:
        return await _save(make, None, attempts, hold, context, ports)
    for generation in count():
        id = await id_of_user(context.tenant, user, generation, keyring=ports.keyring)
        try:
            return await _save(make, id, attempts, hold, context, ports)
        except (LimitReached, Erased):
            if not await was_forgotten(id, context.tenant, store=ports.store):
                raise
    raise AssertionError("unreachable")


async def _save(
    make: Callable[[UUID | None], A],
    user: UUID | None,
    attempts: Sequence[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> tuple[A, int]:
    """Its events are made at its end: the log refuses what is older than some seconds. Only a reservation can have moved on meanwhile:
    nobody else knows this call."""
    call = make(user)
    events = list(call.pending_events)
    users = () if user is None else (one_more_call(user),)
    for race in range(RACES):
        try:
            saved = await settled_save(call, attempts, hold, call.id, context, ports, tallies=users)
            return call, saved.position
        except Conflict:
            if race == RACES - 1:
                raise
            await refresh(hold, context.tenant, ports.store)
            call.pending_events[:] = events
    raise AssertionError("unreachable")
