"""Users of apps that call the completions API: whose key seals a call, and how all calls of one are forgotten.

The calls of a user are streams that know nothing of each other. What keeps a new one from coming after the erasure was said is a
tally: each call adds one to its user's, and the erasure adds so much that there is no room for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from uuid import UUID

from application.ports import Clock, Due, Eraser, Keyring, Store, Tally
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, NotFound
from domain.chat.call import Call
from domain.chat.embedding_call import EmbeddingCall
from domain.chat.end_user import User

API = "api"
"""The channel under which a user of the completions API is forgotten."""

ERASE_USER_WORK = "erase_user"
TALLIES = "users"
CLOSED = 2**60
AT_ONCE = 50
"""Calls that are forgotten in one transaction."""


async def id_of_user(tenant: UUID, name: str, generation: int, *, keyring: Keyring) -> UUID:
    """`generation` counts their erasures before it."""
    return await keyring.identify(tenant, "user", name, *([str(generation)] if generation else []))


async def present_id_of(tenant: UUID, name: str, *, store: Store, keyring: Keyring) -> UUID:
    """Under which a call of theirs is recorded now: after an erasure it is another one."""
    for generation in count():
        id = await id_of_user(tenant, name, generation, keyring=keyring)
        if (await store.tallies(tenant, TALLIES, [id.hex])).values.get(id.hex, 0) < CLOSED:
            return id
    raise AssertionError("unreachable")


async def was_forgotten(user: UUID, tenant: UUID, *, store: Store) -> bool:
    try:
        await store.load(User, user, tenant=tenant)
    except NotFound:
        return False
    return True


def one_more_call(user: UUID) -> Tally:
    """To be saved with a call; raises LimitReached where the user was forgotten."""
    return Tally(kind=TALLIES, key=user.hex, change=1, high=CLOSED - 1)


async def forget_user(
    name: str, context: Context, *, store: Store, keyring: Keyring, clock: Clock
) -> tuple[tuple[UUID, ...], int]:
    """Say that a user is to be erased: their ids, those forgotten before too, and the position, 0 where nothing was to be said."""
    found: list[UUID] = []
    position = 0
    for generation in count():
        id = await id_of_user(context.tenant, name, generation, keyring=keyring)
        calls = (await store.tallies(context.tenant, TALLIES, [id.hex])).values.get(id.hex, 0)
        if not calls:
            return tuple(found), position
        found.append(id)
        if calls >= CLOSED:
            continue
        try:
            saved = await store.save(
                User.forget(id, clock()),
                context=context,
                work=[Due(kind=ERASE_USER_WORK, key=id.hex, due_at=clock())],
                tallies=[Tally(kind=TALLIES, key=id.hex, change=CLOSED, high=2 * CLOSED)],
            )
        except Conflict:  # somebody else has just said it
            continue
        position = saved.position
    raise AssertionError("unreachable")


async def forget_calls(user: UUID, context: Context, *, store: Store, eraser: Eraser, clock: Clock) -> None:
    """Say in each call of a forgotten user that it is to be erased. Again it goes on where it was."""
    await _forget(Call, await eraser.calls_of(context.tenant, user), context, store, clock)
    await _forget(EmbeddingCall, await eraser.embedding_calls_of(context.tenant, user), context, store, clock)


async def _forget(
    kind: type[Call] | type[EmbeddingCall], ids: Sequence[UUID], context: Context, store: Store, clock: Clock
) -> None:
    for start in range(0, len(ids), AT_ONCE):
        while True:
            left = await _not_forgotten(kind, ids[start : start + AT_ONCE], context.tenant, store, clock)
            try:
                if left:
                    await store.save(*left, context=context)
                break
            except Conflict:  # somebody else is at it too
                continue


async def _not_forgotten(
    kind: type[Call] | type[EmbeddingCall], ids: Sequence[UUID], tenant: UUID, store: Store, clock: Clock
) -> list[Call | EmbeddingCall]:
    """Those in which it is not said yet, with the event that says it."""
    left: list[Call | EmbeddingCall] = []
    for id in ids:
        try:
            call = await store.load(kind, id, tenant=tenant)
        except Erased:
            continue
        call.forget(clock())
        if call.pending_events:
            left.append(call)
    return left
