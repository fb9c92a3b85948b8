"""A move: copy while the tenant is used, catch up, close it for a moment, carry the last piece, hand over. Cut off anywhere, the same command goes on with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

import msgspec

from application.ports import Fault
from domain.base.errors import NotFound, Refused
from infra.moving import fence
from infra.moving.alone import alone
from infra.moving.copying import Copier
from infra.moving.keys import keys_of, put_keys
from infra.moving.side import Side, check_apart, check_files, check_same_schema
from infra.moving.sweep import sweep

NEAR = 2_000
"""Events that are carried within moments: nearer than that the tenant is closed."""

QUICK = 0.7
"""Seconds that a round took which was the last but one: the one behind it, with the tenant closed, takes about as long."""

ROUNDS = 100
"""After so many the tenant writes faster than it can be carried."""

TRIES = 5
"""To hand over within the lease."""

Tell = Callable[[str, int, int | None], object]
"""What is done, how far, of how many."""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """`events` of the log; `paused`: seconds in which nothing could be written, None where it had been handed over already."""

    tenant: UUID
    move: UUID
    events: int
    paused: float | None
    rounds: int


class NotTheSame(Fault):
    """What was carried is not what is here; nothing was handed over."""


def nobody(what: str, done: int, total: int | None) -> None:
    """Hears nothing."""


async def move(tenant: UUID, source: Side, target: Side, tell: Tell = nobody) -> Moved:
    """Raises NotFound, Refused, Invalid, MasterKeyMissing, NotTheSame."""
    check_apart(source, target)
    await check_same_schema(source, target)
    async with alone(source, tenant), alone(target, tenant):
        id, handed_over = await fence.begin(source, target, tenant)
        copier = Copier(source, target, tenant, id)
        paused, rounds = None, 0
        if not handed_over:
            await _prepare(copier)
            paused, rounds = await _carried(copier, tell)
        else:
            await fence.take_over(target, tenant, id)
        events = await copier.reached()
        tell("removing what is left behind", 0, None)
        await sweep(source, tenant, whole=False)
        await fence.swept(source, tenant)
        return Moved(tenant=tenant, move=id, events=events, paused=paused, rounds=rounds)


async def abandon(tenant: UUID, source: Side, target: Side) -> None:
    """Take back a move that is not handed over: the tenant stays here, what was carried goes. Raises NotFound, Refused."""
    check_apart(source, target)
    async with alone(source, tenant), alone(target, tenant):
        state, id, place = await fence.state_of(source, tenant)
        if state == "moved":
            raise Refused(
                f"tenant {tenant} has been handed over to {place}: run the same command without --abandon"
            )
        if state != "leaving" or id is None:
            raise NotFound(f"tenant {tenant} is not being moved")
        await fence.open_again(source, tenant, id)
        there, other, _ = await fence.state_of(target, tenant)
        if there == "arriving" and other == id:
            await sweep(target, tenant, whole=True)
        async with source.transaction() as connection:
            await connection.execute("DELETE FROM tenant_moves WHERE tenant = %s AND move = %s", [tenant, id])


async def _prepare(copier: Copier) -> None:
    """The keys first: from the moment on at which the other side has a head, whoever works there looks for them."""
    source, target, tenant, id = copier.source, copier.target, copier.tenant, copier.move
    there, other, _ = await fence.state_of(target, tenant)
    if there is None:
        await check_files(target, tenant)
    if (
        other != id
    ):  # of an earlier move, to there or away from it; keys that somebody made who asked too early
        await sweep(target, tenant, whole=True)
    await fence.leave(source, tenant, id, target.name)
    await put_keys(target, tenant, await keys_of(source, tenant, source.masters), source.masters)
    await copier.keys()
    await fence.expect(target, tenant, id, source.name)


async def _carried(copier: Copier, tell: Tell) -> tuple[float, int]:
    """Seconds for which it was closed, and how many rounds there were before."""
    rounds = await _near(copier, tell)
    for _ in range(TRIES):
        began = time.perf_counter()
        await fence.close(copier.source, copier.tenant, copier.move)
        try:
            await _last(copier, tell)
            handed_over = await fence.hand_over(copier.source, copier.tenant, copier.move)
        except BaseException:
            await fence.open_again(copier.source, copier.tenant, copier.move)
            raise
        if handed_over:
            await fence.take_over(copier.target, copier.tenant, copier.move)
            return time.perf_counter() - began, rounds
        rounds += await _near(copier, tell)
    raise Refused(
        f"the last piece was never carried within {fence.LEASE:g} s: try again when less is written"
    )


async def _near(copier: Copier, tell: Tell) -> int:
    """Rounds until what is left is carried within moments. Raises Refused."""
    for number in range(1, ROUNDS + 1):
        began, events = time.perf_counter(), 0
        upto = await copier.head()
        await copier.keys()
        while carried := await copier.events(upto):
            events += carried
            tell("copying the log", await copier.reached(), upto)
        tell("copying the rest", 0, None)
        await copier.tables()
        await copier.files.bring(copier.tenant)
        took = time.perf_counter() - began
        if number > 1 and events <= NEAR and (took <= QUICK or number > 5):
            return number
    raise Refused("the tenant writes faster than it can be carried: try again when less is written")


async def _last(copier: Copier, tell: Tell) -> None:
    """With the tenant closed. Raises NotTheSame."""
    tell("handing over", 0, None)
    source, target, tenant = copier.source, copier.target, copier.tenant
    upto = await copier.head()
    await put_keys(target, tenant, await keys_of(source, tenant, source.masters), source.masters)
    await copier.keys(last=True)
    while await copier.events(upto):
        pass
    await copier.tables(last=True)
    await copier.files.bring(copier.tenant)
    ends = []
    for side in (source, target):
        async with side.transaction():
            ends.append(await side.one(fence.END, [tenant]))
    if ends[0] != ends[1]:
        raise NotTheSame
