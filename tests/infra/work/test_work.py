"""Claims, leases and ends of work, on the real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio

from infra.postgres.database import Database
from infra.work.items import Ending, Finished, Item
from infra.work.operator import list_work, park_work, retry_work
from infra.work.rows import Work
from tests.cells import cell
from tests.infra.work.rows import Rows
from tests.until import PATIENCE, until

LEASES = {"answer": 30.0, "send": 30.0}
A, B = UUID(int=0xA), UUID(int=0xB)


@pytest_asyncio.fixture
async def rows(database_url: str) -> AsyncIterator[Rows]:
    rows = await Rows.connect(database_url)
    await rows.clear()
    yield rows
    await rows.connection.close()


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(cell(database_url), role="retrace_runner", size=1) as database:
        yield database


@pytest_asyncio.fixture
async def work(database: Database) -> Work:
    return Work(database)


async def claim(work: Work, limit: int = 10) -> Sequence[Item]:
    return (await work.claim(LEASES, limit)).items


async def only(work: Work) -> Item:
    (item,) = await claim(work)
    return item


async def reader(rows: Rows, database: Database) -> Callable[[], Awaitable[int]]:
    """How many index entries and rows of `work` were read so far, by the one connection of `database`."""

    async def read() -> int:
        async with database.system() as connection:
            await connection.execute("SELECT pg_stat_force_next_flush()")
        cursor = await rows.connection.execute(
            """SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'work')
            + (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'work')"""
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    return read


async def test_due_work_is_leased_once_and_gone_when_it_is_done(rows: Rows, work: Work) -> None:
    await rows.owe(A, "answer", "1")
    item = await only(work)
    assert (item.tenant, item.kind, item.key, item.attempts) == (A, "answer", "1", 1)
    assert await claim(work) == []
    assert await work.finish([Finished(item, Ending.DONE)]) == []
    assert await rows.count() == 0


async def test_work_is_not_leased_before_it_is_due_nor_by_who_does_not_do_its_kind(
    rows: Rows, work: Work
) -> None:
    await rows.owe(A, "answer", "later", after=60)
    await rows.owe(A, "tick", "now")
    assert (await work.claim(LEASES, 10)).items == []
    assert [item.key for item in (await work.claim({"tick": 1}, 10)).items] == ["now"]


async def test_a_burst_on_one_key_is_one_row_that_is_due_when_the_last_of_it_says(
    rows: Rows, work: Work
) -> None:
    for _ in range(5):
        await rows.owe(A, "answer", "1")
    await rows.owe(A, "answer", "1", after=60)
    assert await rows.get("revision, attempts") == [(6, 0)]
    assert await claim(work) == []
    await rows.owe(A, "answer", "1")
    assert (await only(work)).revision == 7


async def test_a_tenant_with_20000_due_rows_does_not_delay_anothers_single_one(
    rows: Rows, work: Work
) -> None:
    await rows.fill([A], "send", 20_000)
    await claim(work, 100)
    await rows.owe(B, "answer", "1")
    items = await claim(work, 100)
    assert B in {item.tenant for item in items}
    assert len(items) > 50, "the rest of the claim is the backlog's"


async def test_a_backlog_of_one_kind_does_not_delay_another_kind_of_the_same_tenant(
    rows: Rows, work: Work
) -> None:
    await rows.fill([A], "send", 1000)
    await rows.owe(A, "answer", "1")
    assert "answer" in {item.kind for item in await claim(work)}


async def test_claims_go_round_all_tenants_before_one_has_its_second_turn(rows: Rows, work: Work) -> None:
    tenants = [uuid4() for _ in range(50)]
    await rows.fill(tenants, "send", 10)
    for turn in range(1, 4):
        served = Counter(item.tenant for item in [i for _ in range(5) for i in await claim(work, 10)])
        assert served == dict.fromkeys(tenants, 1), turn


async def test_a_claim_reads_a_few_index_entries_whatever_the_backlog(
    rows: Rows, database: Database, work: Work
) -> None:
    await rows.fill([uuid4() for _ in range(100)], "send", 400)
    await rows.connection.execute(
        "ANALYZE work"
    )  # plans that fit an empty table must not be replaced by worse ones

    read = await reader(rows, database)
    await claim(work, 50)
    before = await read()
    for _ in range(10):
        await claim(work, 50)
    assert await read() - before < 10 * 50 * 20


async def test_statistics_of_an_empty_table_mislead_no_statement(
    rows: Rows, database: Database, work: Work
) -> None:
    tenants = [uuid4() for _ in range(20)]
    await rows.fill(tenants, "send", 100)
    await rows.connection.execute("DELETE FROM work")
    await rows.connection.execute("ANALYZE work")
    await rows.fill(tenants, "send", 100)
    read = await reader(rows, database)
    before = await read()
    items = await claim(work, 200)
    await work.renew(items, LEASES)
    await work.finish([Finished(item, Ending.DONE) for item in items])
    assert await read() - before < 200 * 20


async def test_dead_rows_that_an_old_snapshot_keeps_are_not_read_again_and_again(
    rows: Rows, database: Database, work: Work, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.work.rows.SLACK", timedelta(0))
    monkeypatch.setattr("infra.work.rows.LOOK_BACK", 60)
    backup = await Rows.connect(database_url)
    async with backup.connection.transaction():
        await backup.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await backup.count()
        await rows.fill([A, B], "send", 1000)
        while items := await claim(work, 500):
            await work.finish([Finished(item, Ending.DONE) for item in items])
        read = await reader(rows, database)
        before = await read()
        assert await claim(work) == []
        assert await read() - before < 100
        await rows.owe(A, "answer", "1")
        await only(work)
    await backup.connection.close()


async def test_a_row_that_became_due_in_the_past_is_found_by_looking_back(
    rows: Rows, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.work.rows.LOOK_BACK", 600.0)
    await claim(work)
    await rows.owe(A, "answer", "1", after=-60)
    assert await claim(work) == []
    monkeypatch.setattr("infra.work.rows.LOOK_BACK", 0.05)
    monkeypatch.setattr(work, "_look_back_at", monotonic() + 0.1)
    found = await until(
        lambda: claim(work)
    )  # looking back is put off when it takes long, as on a busy machine
    assert [item.key for item in found] == ["1"]


async def test_busy_tenants_are_passed_over(rows: Rows, work: Work) -> None:
    await rows.fill([A, B], "send", 5)
    claimed = await work.claim(LEASES, 10, busy=[A])
    assert {item.tenant for item in claimed.items} == {B}


async def test_two_workers_never_hold_the_same_row(rows: Rows, database_url: str) -> None:
    await rows.fill([uuid4() for _ in range(20)], "send", 50)
    async with Database(cell(database_url), role="retrace_runner", size=4) as database:
        workers = [Work(database) for _ in range(4)]

        async def drain(work: Work) -> list[Item]:
            mine: list[Item] = []
            while items := await claim(work, 37):
                mine.extend(items)
            return mine

        items = [item for mine in await asyncio.gather(*map(drain, workers)) for item in mine]
    assert len({(item.tenant, item.key) for item in items}) == len(items)
    assert len(items) == 1000


async def test_work_owed_again_while_it_is_done_is_done_once_more_and_not_before(
    rows: Rows, work: Work
) -> None:
    await rows.owe(A, "answer", "1")
    item = await only(work)
    await rows.owe(A, "answer", "1")
    assert await claim(work) == [], "one worker at a time"
    await work.finish([Finished(item, Ending.DONE)])
    again = await only(work)
    assert (again.revision, again.attempts) == (2, 1)
    await work.finish([Finished(again, Ending.DONE)])
    assert await rows.count() == 0


async def test_work_owed_for_later_while_it_is_done_waits_until_then(rows: Rows, work: Work) -> None:
    await rows.owe(A, "answer", "1")
    item = await only(work)
    await rows.owe(A, "answer", "1", after=60)
    await work.finish([Finished(item, Ending.DONE)])
    assert await claim(work) == []
    assert await rows.one("wake_at = due_at AND holder IS NULL")


async def test_an_end_does_not_touch_a_row_that_was_settled_and_owed_anew(rows: Rows, work: Work) -> None:
    await rows.owe(A, "answer", "1")
    first = await only(work)
    await rows.settle(A, "answer", "1")
    await rows.owe(A, "answer", "1")
    second = await only(work)
    assert first.revision == second.revision
    await work.finish([Finished(first, Ending.DONE)])
    assert await rows.one("holder") == second.holder
    await work.finish([Finished(second, Ending.DONE)])
    assert await rows.count() == 0


async def test_a_lease_that_ran_out_is_anothers_and_the_first_ones_end_changes_nothing(
    rows: Rows, work: Work
) -> None:
    await rows.owe(A, "answer", "1")
    (first,) = (await work.claim({"answer": 0.05}, 1)).items
    await asyncio.sleep(0.1)
    second = await only(work)
    assert second.attempts == 2
    for ending in Ending:
        late = Finished(first, ending, again_at=datetime.now(UTC), wait=1, error="late")
        assert await work.finish([late]) == []
    assert await rows.one("holder") == second.holder
    assert await work.renew([first, second], LEASES) == ([second], [first])


async def test_a_renewed_lease_holds(rows: Rows, work: Work) -> None:
    await rows.owe(A, "answer", "1")
    (item,) = (await work.claim({"answer": 0.05}, 1)).items
    assert await work.renew([item], LEASES) == ([item], [])
    await asyncio.sleep(0.1)
    assert await claim(work) == []


async def test_a_failed_try_waits_and_counts_and_the_last_one_parks(rows: Rows, work: Work) -> None:
    await rows.owe(A, "answer", "1")
    await work.finish([Finished(await only(work), Ending.FAILED, wait=60, error="ValueError")])
    assert await rows.get("attempts, error") == [(1, "ValueError")]
    assert await claim(work) == []
    await rows.connection.execute("UPDATE work SET wake_at = now()")
    item = await only(work)
    assert item.attempts == 2
    await work.finish([Finished(item, Ending.PARKED, error="KeyError")])
    assert await rows.get("attempts, error, parked_at IS NOT NULL") == [(2, "KeyError", True)]
    assert await claim(work) == []
    await rows.owe(A, "answer", "1")
    assert (await only(work)).attempts == 1, "owed again, it is as new"


async def test_a_try_that_fails_for_the_last_time_does_not_park_what_was_owed_meanwhile(
    rows: Rows, work: Work
) -> None:
    await rows.owe(A, "answer", "1")
    item = await only(work)
    await rows.owe(A, "answer", "1")
    await work.finish([Finished(item, Ending.PARKED, wait=300, error="ValueError")])
    assert await rows.one("parked_at IS NULL AND wake_at < now() + interval '2 seconds'")


async def test_a_schedule_is_a_row_that_puts_itself_back(rows: Rows, work: Work) -> None:
    await rows.owe(A, "answer", "tick")
    at = datetime.now(UTC) + timedelta(hours=1)
    await work.finish([Finished(await only(work), Ending.AGAIN, again_at=at)])
    assert await rows.get("due_at, wake_at, attempts, holder") == [(at, at, 0, None)]
    assert await claim(work) == []
    await rows.connection.execute("UPDATE work SET wake_at = wake_at - interval '1 hour'")
    assert (await only(work)).attempts == 1


async def test_a_schedule_that_was_moved_while_it_ran_keeps_the_new_time(rows: Rows, work: Work) -> None:
    await rows.owe(A, "answer", "tick")
    item = await only(work)
    await rows.owe(A, "answer", "tick")
    later = datetime.now(UTC) + timedelta(hours=1)
    await work.finish([Finished(item, Ending.AGAIN, again_at=later)])
    await only(work)


async def test_what_is_given_back_is_due_at_once_and_not_counted(rows: Rows, work: Work) -> None:
    await rows.owe(A, "answer", "1")
    await work.finish([Finished(await only(work), Ending.GIVEN_BACK)])
    item = await only(work)
    assert item.attempts == 1
    await work.finish([Finished(item, Ending.GIVEN_BACK, wait=60, error="Unavailable")])
    assert await rows.get("attempts, error") == [(0, "Unavailable")]
    assert await claim(work) == []


async def test_many_ends_of_all_sorts_go_in_one_statement(rows: Rows, work: Work) -> None:
    await rows.fill([A], "send", 5)
    items = await claim(work)
    await rows.settle(A, "send", items[4].key)
    later = datetime.now(UTC) + timedelta(hours=1)
    ends = [
        Finished(items[0], Ending.DONE),
        Finished(items[1], Ending.AGAIN, again_at=later),
        Finished(items[2], Ending.FAILED, wait=60, error="ValueError"),
        Finished(items[3], Ending.PARKED, error="KeyError"),
        Finished(items[4], Ending.DONE),
    ]
    assert await work.finish(ends) == []
    found = {key: state for key, *state in await rows.get("key, due_at = wake_at, error, parked_at IS NULL")}
    assert found == {
        items[1].key: [True, None, True],
        items[2].key: [False, "ValueError", True],
        items[3].key: [False, "KeyError", False],
    }


async def test_nothing_waits_for_a_row_that_an_append_has_locked(
    rows: Rows, work: Work, database_url: str
) -> None:
    await rows.owe(A, "answer", "1")
    item = await only(work)
    append = await Rows.connect(database_url)
    async with append.connection.transaction():
        await append.owe(A, "answer", "1")
        end = Finished(item, Ending.DONE)
        async with asyncio.timeout(PATIENCE):
            assert await work.finish([end]) == [end], "to be said again"
            assert await work.renew([item], LEASES) == ([], [])
            assert await claim(work) == []
    assert await work.finish([end]) == []
    assert (await only(work)).revision == 2
    await append.connection.close()


async def test_an_operator_sees_retries_and_parks_work(rows: Rows, work: Work, database: Database) -> None:
    await rows.owe(A, "answer", "1")
    await work.finish([Finished(await only(work), Ending.PARKED, error="ValueError: infra/x.py:1")])
    await rows.owe(A, "answer", "2", after=60)
    await rows.owe(B, "send", "3")
    seen = [(row.tenant, row.key, row.state, row.error) for row in await list_work(database)]
    assert seen == [
        (A, "1", "parked", "ValueError: infra/x.py:1"),
        (A, "2", "later", None),
        (B, "3", "due", None),
    ]
    assert [row.key for row in await list_work(database, parked=True)] == ["1"]
    assert [row.key for row in await list_work(database, tenant=A, kind="answer", limit=1)] == ["1"]

    assert await retry_work(database, tenant=B) == 0
    assert await retry_work(database, tenant=A, key="none") == 0
    assert await retry_work(database, tenant=A, key="1") == 1
    items = await claim(work)
    assert sorted((item.key, item.attempts) for item in items) == [("1", 1), ("3", 1)]
    assert [row.state for row in await list_work(database)] == ["leased", "later", "leased"]

    assert await park_work(database, tenant=A, kind="answer", key="1")
    assert not await park_work(database, tenant=A, kind="answer", key="1")
    await work.finish([Finished(item, Ending.DONE) for item in items])
    assert [(row.key, row.state) for row in await list_work(database)] == [("1", "parked"), ("2", "later")]


async def test_a_tenant_sees_its_own_work_only_and_changes_none(rows: Rows, database_url: str) -> None:
    await rows.fill([A, B], "send", 2)
    async with Database(cell(database_url), size=1) as database:
        async with database.tenant(A) as connection:
            cursor = await connection.execute("SELECT tenant FROM work")
            assert await cursor.fetchall() == [(A,), (A,)]
        async with database.system() as connection:
            cursor = await connection.execute("SELECT tenant FROM work")
            assert await cursor.fetchall() == []
        for statement in (
            "UPDATE work SET attempts = 9",
            "DELETE FROM work",
            "SELECT * FROM claim_work('{send}', '{1}', gen_random_uuid(), gen_random_uuid(), '', '{}', 1, NULL)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with database.tenant(A) as connection:
                    await connection.execute(statement.encode())
