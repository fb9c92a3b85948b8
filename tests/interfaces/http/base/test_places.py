"""Few requests are worked on at once, and tenants have their turns: nobody waits behind all that another one has sent."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.base.in_work import kept, place, waits_long
from application.ports import Unavailable
from domain.base.errors import TooManyRequests
from interfaces.http.base.limits import places
from interfaces.http.base.limits.places import ALONE, EACH, LINE, RECENT, SHARED, InWork, Place, Places
from interfaces.http.base.presence import ClientGone
from tests.interfaces.http.conftest import Customer

A, B, C = uuid4(), uuid4(), uuid4()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def come(all: Places, tenant: UUID, done: list[UUID], held: list[Place]) -> None:
    got, _ = await all.enter(tenant)
    done.append(tenant)
    held.append(got)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_tenant_alone_has_many_places_and_no_other_is_kept_waiting() -> None:
    all, done, held = Places(Clock()), list[UUID](), list[Place]()
    tasks = [asyncio.create_task(come(all, B, done, held)) for _ in range(ALONE + 5)]
    await settled()
    assert done == [B] * ALONE
    tasks.append(asyncio.create_task(come(all, A, done, held)))
    await settled()
    assert done[-1] == A, "what the other has from before is no more than its share now"
    for each in held[: ALONE - EACH + 1]:
        each.leave()
        each.leave()  # once is enough
    await settled()
    assert done.count(B) == ALONE + 1, "from now on it has its share"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_those_that_wait_have_turns_by_tenant() -> None:
    all, done, held = Places(Clock()), list[UUID](), list[Place]()
    for _ in range(SHARED):
        await come(all, uuid4(), [], held)
    tasks = [asyncio.create_task(come(all, B, done, held)) for _ in range(20)]
    await settled()
    tasks += [asyncio.create_task(come(all, C, done, held)) for _ in range(3)]
    await settled()
    while not all_done(tasks):
        held.pop(0).leave()
        await settled()
    assert done[:6] == [B, C, B, C, B, C]
    for each in held:
        each.leave()
    assert not all._in_work
    assert not all._lines


def all_done(tasks: list[asyncio.Task[None]]) -> bool:
    return all(task.done() for task in tasks)


async def test_a_tenant_that_comes_no_more_leaves_its_share() -> None:
    clock, done, held = Clock(), list[UUID](), list[Place]()
    all = Places(clock)
    await come(all, A, [], [])
    tasks = [asyncio.create_task(come(all, B, done, held)) for _ in range(10)]
    await settled()
    assert done == [B] * EACH
    clock.now += RECENT + 1
    held[0].leave()
    await settled()
    assert done == [B] * 10
    await asyncio.gather(*tasks)


async def test_a_line_has_an_end_and_a_wait_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PATIENCE", 0.5)
    monkeypatch.setattr(places, "HELD", 60)  # however long the machine stands still
    all = Places(Clock())
    held = [await all.enter(B) for _ in range(ALONE)]
    waiting = [asyncio.create_task(all.enter(B)) for _ in range(LINE)]
    await settled()
    with pytest.raises(TooManyRequests, match="100 requests of this tenant's wait"):
        await all.enter(B)
    waiting[0].cancel()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert all_unavailable(found[1:])
    assert not all._lines
    for each, waited in held:
        assert not waited
        each.leave()
    (await all.enter(B))[0].leave()
    assert not all._in_work


def all_unavailable(found: list[object]) -> bool:
    return all(isinstance(each, Unavailable) for each in found)


async def test_a_place_is_left_by_the_last_that_has_it_or_by_whoever_waits_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    all = Places(Clock())
    for ends in ("release", "wait", "time"):
        if ends == "time":
            monkeypatch.setattr(places, "HELD", 0.01)
        held, _ = await all.enter(A)
        token = place.set(held)
        try:
            release = kept()
            held.release()
            assert all._in_work[A] == 1, "a task goes on"
            if ends == "release":
                release()
            elif ends == "wait":
                waits_long()
                release()
            else:
                while all._in_work:
                    await asyncio.sleep(0.01)
                release()
        finally:
            place.reset(token)
        assert not all._in_work
    waits_long()
    kept()()


async def test_whoever_steps_back_goes_on_after_those_in_line() -> None:
    all, done, held = Places(Clock()), list[UUID](), list[Place]()
    await come(all, A, [], [])  # others come too: one at a time
    first, _ = await all.enter(B)
    tasks = [asyncio.create_task(come(all, B, done, held)) for _ in range(3)]
    await settled()
    back = asyncio.create_task(first.step_back())
    await settled()
    tasks.append(asyncio.create_task(come(all, B, done, held)))
    for before in range(3):
        await settled()
        assert (len(done), back.done()) == (before + 1, False)
        held.pop(0).leave()
    await settled()
    assert back.done()
    assert (len(done), all._in_work[B]) == (3, 1)
    first.release()
    await settled()
    assert len(done) == 4
    held.pop(0).leave()
    assert B not in all._in_work
    await first.step_back()
    assert B not in all._in_work, "all that had it have gone"


async def test_whoever_steps_back_and_has_no_turn_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    all = Places(Clock())
    held = [(await all.enter(B))[0] for _ in range(ALONE)]
    waiting = asyncio.create_task(all.enter(B))
    await settled()
    monkeypatch.setattr(places, "PATIENCE", 0.02)
    await held[0].step_back()
    assert all._in_work[B] == ALONE, "the one in line has it"
    assert not all._lines
    held[0].release()
    assert all._in_work[B] == ALONE
    (await waiting)[0].leave()
    assert all._in_work[B] == ALONE - 1


async def test_whoever_lets_itself_be_waited_for_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "STUCK", 0)
    all, came = Places(Clock()), asyncio.Event()
    held, _ = await all.enter(A)
    waiting = asyncio.create_task(held.beside(came.wait()))
    while all._in_work:
        await asyncio.sleep(0.01)
    came.set()
    assert await waiting


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.booleans()), max_size=60))
def test_whatever_comes_and_goes_all_is_given_back(acts: list[tuple[UUID, bool]]) -> None:
    async def run() -> None:
        all, done, held = Places(Clock()), list[UUID](), list[Place]()
        tasks: list[asyncio.Task[None]] = []
        for tenant, comes in acts:
            if comes:
                tasks.append(asyncio.create_task(come(all, tenant, done, held)))
            elif tasks and len(tasks) % 3 == 0:
                tasks[-1].cancel()
            elif held:
                held.pop(0).leave()
            await settled()
            share = sum(min(EACH, n) for n in all._in_work.values())
            assert share <= SHARED or len(all._seen) == 1
        while held or not all_done(tasks):
            if held:
                held.pop(0).leave()
            await settled()
        assert not all._in_work
        assert not all._lines

    asyncio.run(run())


async def test_a_tenants_question_does_not_wait_behind_all_of_anothers(
    ours: Customer, theirs: Customer
) -> None:
    """60 messages at once: the one that came last is not the last that is taken."""
    ended: list[str] = []

    async def send(customer: Customer, name: str, number: int) -> None:
        reply = await customer.ask("When are you open?", address=f"{name} {number}", wait=0)
        assert reply.status_code == 202
        ended.append(name)

    await send(ours, "ours", 0)
    flood = [asyncio.create_task(send(theirs, "theirs", number)) for number in range(60)]
    await asyncio.sleep(0.05)
    await send(ours, "ours", 1)
    with suppress(httpx.TransportError):
        await asyncio.gather(*flood)
    assert ended.count("theirs") == 60
    assert ended.index("ours", 1) < 40


@pytest.mark.parametrize(
    ("method", "waited", "begun"),
    [("GET", 0.1, False), ("POST", 0.1, True), ("POST", 2.0, False), ("GET", 0.0, True)],
)
async def test_what_has_waited_long_for_nobody_is_not_begun(
    monkeypatch: pytest.MonkeyPatch, method: str, waited: float, begun: bool
) -> None:
    """Who was told nothing asks again; what is done for those that have left keeps all others waiting."""
    work, ran = InWork(), list[str]()

    async def enter(tenant: UUID, arrival: object) -> tuple[Place, float]:
        async def again() -> None:
            ran.append("again")

        return Place(lambda: ran.append("left"), again), waited

    async def app(*_: object) -> None:
        ran.append("begun")

    monkeypatch.setattr(work._places, "enter", enter)
    caller = SimpleNamespace(counted=A)
    monkeypatch.setattr(places, "caller_in", lambda request: caller)
    scope: Any = {"type": "http", "method": method, "state": {"gone": lambda: True}, "route_handler": None}
    with suppress(ClientGone):
        await work.handle(scope, None, None, app)  # type: ignore[arg-type]
    assert ran == (["begun", "left"] if begun else ["left"])
