"""Turns at one row, on the real PostgreSQL: two `Turns` stand for two processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from application.ports import Due, Saved
from domain.conversations.conversation import Conversation
from infra.postgres.database import Database
from infra.redis.wakeups import Hints
from infra.work import turns as turns_module
from infra.work.items import Ending, Finished, Item
from infra.work.rows import Work
from infra.work.turns import Turns
from tests.cells import cell
from tests.infra.log.parts import Log, context, log_on, now, started
from tests.infra.work.rows import Rows
from tests.until import PATIENCE, until

TENANT, KIND, KEY = UUID(int=0xA), "answer", "k"
ROW = (TENANT, KIND, KEY)
LEASES = {KIND: 30.0}


@pytest_asyncio.fixture
async def rows(database_url: str) -> AsyncIterator[Rows]:
    rows = await Rows.connect(database_url)
    await rows.clear()
    yield rows
    await rows.connection.close()


@pytest_asyncio.fixture
async def work(database_url: str) -> AsyncIterator[Work]:
    async with Database(cell(database_url), role="retrace_runner", size=4) as database:
        yield Work(database)


async def test_one_has_it_and_the_others_find_it_done(rows: Rows, work: Work) -> None:
    await rows.owe(*ROW, after=5)
    here, there = Turns(work), Turns(work)
    had = []

    async def try_it(turns: Turns) -> None:
        async with turns.take(*ROW, within=20) as turn:
            if turn is not None:
                had.append(turn.item)
                await asyncio.sleep(0.2)
                await rows.settle(*ROW)

    await asyncio.gather(*(try_it(turns) for turns in (here, there) for _ in range(10)))
    assert len(had) == 1
    assert await rows.count() == 0


async def test_a_worker_passes_over_what_has_its_turn(rows: Rows, work: Work) -> None:
    await rows.owe(*ROW)
    async with Turns(work).take(*ROW, within=5) as turn:
        assert turn is not None
        assert (await work.claim(LEASES, 10)).items == []
        turn.more()
    (item,) = (await work.claim(LEASES, 10)).items
    assert item.attempts == 1, "a turn that was given back is no try"
    async with Turns(work).take(*ROW, within=0.2) as turn:
        assert turn is None, "and what a worker has, nobody else does"


async def test_what_there_was_nothing_to_do_for_goes(rows: Rows, work: Work) -> None:
    await rows.owe(*ROW)
    async with Turns(work).take(*ROW, within=5) as turn:
        assert turn is not None
        turn.nothing()
    assert await rows.count() == 0


async def test_what_came_to_nothing_is_not_tried_by_everybody(rows: Rows, work: Work) -> None:
    await rows.owe(*ROW)
    turns = Turns(work)
    with pytest.raises(ValueError, match="secret"):
        async with turns.take(*ROW, within=5):
            raise ValueError("secret")
    assert await rows.one("error LIKE 'ValueError%%' AND error NOT LIKE '%%secret%%'")
    assert await rows.one("wake_at > now() AND lease_until IS NULL")
    async with turns.take(*ROW, within=0.2) as turn:
        assert turn is None
    await rows.owe(*ROW, after=5)  # what is new is tried at once
    async with turns.take(*ROW, within=5) as turn:
        assert turn is not None


async def test_who_is_stopped_gives_it_to_the_next_one_at_once(rows: Rows, work: Work) -> None:
    await rows.owe(*ROW)
    turns, begun = Turns(work), asyncio.Event()

    async def stop() -> None:
        async with turns.take(*ROW, within=5):
            begun.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(stop())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with Turns(work).take(*ROW, within=5) as turn:
        assert turn is not None


async def test_a_lease_lasts_as_long_as_the_turn_and_ends_with_its_process(rows: Rows, work: Work) -> None:
    await rows.owe(*ROW)
    async with Turns(work, lease=1.5).take(*ROW, within=5) as turn:
        assert turn is not None
        first = await rows.one("lease_until")
        async with asyncio.timeout(PATIENCE):
            while await rows.one("lease_until") == first:
                await asyncio.sleep(0.05)
        turn.more()
    _, dead = await work.lease(*ROW, 1.0)
    assert dead is not None
    async with Turns(work).take(*ROW, within=20) as turn:
        assert turn is not None
        assert turn.item.attempts == 2
    assert await work.finish([Finished(dead, Ending.DONE)]) == []
    assert await rows.count() == 1, "who has lost it ends nothing"


async def test_what_is_not_owed_or_parked_has_no_turn(rows: Rows, work: Work) -> None:
    for _ in range(2):
        async with Turns(work).take(*ROW, within=5) as turn:
            assert turn is None
        await rows.owe(*ROW)
        await rows.connection.execute("UPDATE work SET parked_at = now()")


async def test_a_tenant_with_many_turns_holds_up_nobody_elses_leases_and_not_the_system(
    database_url: str, rows: Rows
) -> None:
    other = (UUID(int=0xB), KIND, KEY)
    await rows.owe(*ROW)
    await rows.owe(*other)
    served: list[str] = []

    async def come(name: str, what: Awaitable[object]) -> None:
        await what
        served.append(name)

    async def look() -> None:
        async with database.system():
            pass

    async with Database(cell(database_url), role="retrace_runner", size=1) as database:
        work = Work(database)
        _, mine = await work.lease(*ROW, 30.0)
        _, theirs = await work.lease(*other, 30.0)
        assert mine is not None
        assert theirs is not None
        async with database.system():
            many: list[Awaitable[object]] = []
            for _ in range(10):
                many += [work.lease(*ROW, 30.0), work.renew([mine], LEASES)]
            many += [work.finish([Finished(mine, Ending.GIVEN_BACK)])]
            tasks = [asyncio.create_task(come("many", each)) for each in many]
            await asyncio.sleep(0)
            tasks += [
                asyncio.create_task(come(*each))
                for each in (
                    ("renewed", work.renew([theirs], LEASES)),
                    ("looked", look()),
                    ("finished", work.finish([Finished(theirs, Ending.DONE)])),
                    ("claimed", work.claim(LEASES, 1)),
                    ("gone", work.lease(*other, 30.0)),
                )
            ]
            while database.stats()["requests_waiting"] < len(tasks):
                await asyncio.sleep(0)
        await asyncio.gather(*tasks)
    first = ["many", "renewed", "looked", "many", "finished", "claimed", "many", "gone", "many"]
    assert served[: len(first)] == first
    assert len(served) == len(tasks)


async def owe_and_hold(log: Log, holder: UUID, conversation: Conversation, lease: int = 5) -> Saved:
    owed = Due(kind=KIND, key=conversation.id.hex, due_at=now(), holder=holder, lease=lease)
    return await log.store.save(conversation, context=context(TENANT), work=[owed])


async def test_who_makes_work_due_and_does_it_has_its_lease_with_the_same_commit(
    database_url: str, rows: Rows, work: Work
) -> None:
    async with log_on(database_url) as log:
        conversation, holder = started(), uuid4()
        row = (TENANT, KIND, conversation.id.hex)
        assert (await owe_and_hold(log, holder, conversation)).leased
        assert (await work.claim(LEASES, 10)).items == []
        assert await work.lease(*row, 30.0) == (True, None)
        conversation.receive(message="m2", text="and?", interaction=uuid4(), at=now())
        again = await owe_and_hold(log, uuid4(), conversation)
        assert not again.leased, "it stays whose it is"
        assert await rows.get("holder, revision") == [(holder, 2)]
        async with Turns(work).take(*row, within=5, holder=holder) as turn:
            assert turn is not None
            turn.more()
        (item,) = (await work.claim(LEASES, 10)).items
        assert (item.attempts, item.revision) == (1, 2)


async def test_of_many_in_one_commit_each_has_its_own(database_url: str, rows: Rows) -> None:
    async with log_on(database_url) as log:
        held = [(started(), uuid4()) for _ in range(5)]
        without = [started() for _ in range(5)]
        first, *saved = await asyncio.gather(
            log.store.save(started(), context=context(TENANT)),
            *(owe_and_hold(log, holder, conversation) for conversation, holder in held),
            *(
                log.store.save(
                    each,
                    context=context(TENANT),
                    work=[Due(kind=KIND, key=each.id.hex, due_at=now())],
                )
                for each in without
            ),
        )
        assert [each.leased for each in saved] == [True] * 5 + [False] * 5
        assert not first.leased
        leased = {(key, holder) for key, holder in await rows.get("key, holder") if holder is not None}
        assert leased == {(conversation.id.hex, holder) for conversation, holder in held}


async def test_who_comes_to_what_came_with_its_lease_waits_for_its_end(rows: Rows, work: Work) -> None:
    await rows.owe(*ROW, after=5)
    holder = uuid4()
    await rows.connection.execute(
        "UPDATE work SET holder = %s, attempts = 1, lease_until = now() + interval '1 minute'", [holder]
    )
    turns, had = Turns(work), list[str]()

    async def come() -> None:
        async with turns.take(*ROW, within=30) as turn:
            had.append("nothing" if turn is None else "something")

    async with turns.take(*ROW, within=5, holder=holder) as turn:
        assert turn is not None
        others = [asyncio.create_task(come()) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert had == []
        await rows.settle(*ROW)
    await asyncio.gather(*others)
    assert had == ["nothing"] * 3


async def test_a_lease_that_came_with_the_row_is_renewed_and_ends_with_its_process(
    database_url: str, rows: Rows, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "SOON", 0.1)
    async with log_on(database_url) as log:
        conversation, holder = started(), uuid4()
        row = (TENANT, KIND, conversation.id.hex)
        await owe_and_hold(log, holder, conversation, lease=2)
        first = await rows.one("lease_until")
        async with Turns(work).take(*row, within=5, holder=holder) as turn:
            assert turn is not None
            async with asyncio.timeout(PATIENCE):
                while await rows.one("lease_until") == first:
                    await asyncio.sleep(0.05)
            turn.more()
        dead = started()
        await owe_and_hold(log, uuid4(), dead, lease=1)
        async with Turns(work).take(TENANT, KIND, dead.id.hex, within=20) as turn:
            assert turn is not None


async def test_who_waits_for_another_process_looks_when_it_hears_that_something_has_changed(
    rows: Rows, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "POLL", 60.0)
    monkeypatch.setattr(turns_module, "LOOK", 60.0)
    hints, looks = Hints(), 0

    class Watched(Work):
        async def lease(self, *args: Any) -> tuple[bool, Item | None]:
            nonlocal looks
            looks += 1
            return await super().lease(*args)

    await rows.owe(*ROW)
    watched = Watched(work._database)

    async def come() -> bool:
        async with Turns(watched, hints).take(*ROW, within=60) as turn:
            return turn is None

    async with Turns(work).take(*ROW, within=5):
        other = asyncio.create_task(come())
        await until(lambda: looks)
        await asyncio.sleep(0.2)
        hints.changed(uuid4())
        await asyncio.sleep(0.2)
        assert looks == 1, "what others do is no news"
        await rows.settle(*ROW)
        hints.changed(TENANT)
        assert await other
    assert looks == 2
