"""The worker's loops, on the real PostgreSQL and through its faults."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from application.operations.work import Item, Kind
from application.ports import Settled, Unavailable
from infra.postgres.database import Database
from infra.redis.wakeups import Hints
from infra.work.items import Finished
from infra.work.items import Item as Leased
from infra.work.rows import Work
from infra.work.worker import Worker
from tests.cells import cell
from tests.infra.work.rows import Rows
from tests.until import PATIENCE, until

A, B = UUID(int=0xA), UUID(int=0xB)
Handler = Callable[[Item], Awaitable[datetime | Settled | None]]


@pytest_asyncio.fixture
async def rows(database_url: str) -> AsyncIterator[Rows]:
    rows = await Rows.connect(database_url)
    await rows.clear()
    yield rows
    await rows.connection.close()


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(cell(database_url), role="retrace_runner", size=4) as database:
        yield database


@asynccontextmanager
async def working(
    database: Database,
    handler: Handler,
    *,
    attempts: int = 8,
    lease: float = 30,
    hints: Hints | None = None,
    poll: float = 0.05,
    concurrency: int = 8,
    grace: float = 5,
) -> AsyncIterator[Worker]:
    """A worker for the kinds `answer` and `send`, stopped at the end."""
    kind = Kind(handler=handler, attempts=attempts, lease=lease)
    worker = Worker(
        Work(database),
        {"answer": kind, "send": kind},
        hints or Hints(),
        poll=poll,
        concurrency=concurrency,
        grace=grace,
    )
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        async with asyncio.timeout(PATIENCE):
            await running


async def test_all_work_is_done_once(rows: Rows, database: Database) -> None:
    await rows.fill([uuid4() for _ in range(20)], "send", 100)
    done: Counter[tuple[UUID, str]] = Counter()

    async def handler(item: Item) -> None:
        done[item.tenant, item.key] += 1

    async with working(database, handler), working(database, handler):
        await until(lambda: len(done) == 2000)
    assert set(done.values()) == {1}
    assert await rows.count() == 0


async def test_what_was_settled_with_what_it_saved_is_not_told_again(rows: Rows, database: Database) -> None:
    await rows.owe(A, "answer", "k")
    done: list[Item] = []

    async def handler(item: Item) -> Settled:
        done.append(item)
        return "settled"

    async with working(database, handler, lease=30):
        await until(lambda: len(done) == 1)
    assert await rows.count() == 1, "it has saved nothing, so its row is there until its lease ends"


async def test_the_log_and_the_metrics_tell_what_is_done(
    rows: Rows, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for key in ("good", "again", "bad"):
        await rows.owe(A, "answer", key)
    told: list[tuple[str, str]] = []

    class Told:
        def tried(self, kind: str, outcome: str, seconds: float) -> None:
            assert seconds >= 0
            told.append((kind, outcome))

    async def handler(item: Item) -> datetime | None:
        if item.key == "bad":
            raise ValueError("Maria Silva, +55 11 91234-5678")
        return datetime.now(UTC) + timedelta(days=1) if item.key == "again" else None

    kind = Kind(handler=handler, attempts=1)
    worker = Worker(Work(database), {"answer": kind}, Hints(), poll=0.05, observer=Told())
    with caplog.at_level(logging.DEBUG, "retrace.worker"):
        running = asyncio.create_task(worker.run())
        await until(lambda: len(told) == 3)
        worker.stop()
        await running
    assert sorted(told) == [("answer", "again"), ("answer", "done"), ("answer", "parked")]
    lines = {
        (record.facts["key"], record.getMessage()): record  # type: ignore[attr-defined]
        for record in caplog.records
        if hasattr(record, "facts") and "key" in record.facts
    }
    assert {text for key, text in lines if key == "good"} == {"work begun", "work done"}
    assert ("again", "work done, and due again") in lines
    parked = lines["bad", "work parked"]
    assert parked.levelno == logging.ERROR
    facts = parked.facts  # type: ignore[attr-defined]
    assert (facts["kind"], facts["attempt"]) == ("answer", 1)
    assert facts["reason"].startswith("ValueError: ")
    assert facts["ms"] >= 0
    assert "Silva" not in str([vars(record) for record in caplog.records])


async def test_a_failure_is_kept_without_the_words_it_was_about(
    rows: Rows, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await rows.owe(A, "answer", "1")

    async def handler(item: Item) -> None:
        raise ValueError("Maria Silva, +55 11 91234-5678")

    with caplog.at_level(logging.WARNING, "retrace.worker"):
        async with working(database, handler, attempts=1):
            await until(lambda: rows.one("parked_at IS NOT NULL"))
    error = await rows.one("error")
    assert error.startswith("ValueError: tests/infra/work/test_worker.py:")
    assert "Maria" not in error + caplog.text + str([vars(record) for record in caplog.records])


async def test_a_failed_try_is_repeated_later_and_parks_in_the_end(rows: Rows, database: Database) -> None:
    await rows.owe(A, "answer", "1")
    tries: list[float] = []

    async def handler(item: Item) -> None:
        tries.append(monotonic())
        raise KeyError(item.key)

    async with working(database, handler, attempts=2):
        await until(lambda: rows.one("parked_at IS NOT NULL"))
    assert await rows.one("attempts") == 2
    assert 0.45 < tries[1] - tries[0] < 50


async def test_a_server_of_ours_that_is_away_costs_no_try(rows: Rows, database: Database) -> None:
    await rows.owe(A, "answer", "1")

    async def handler(item: Item) -> None:
        raise Unavailable("the database does not answer")

    async with working(database, handler, attempts=1):
        await until(lambda: rows.one("error IS NOT NULL"))
    assert await rows.get("attempts, parked_at, error") == [
        (0, None, "Unavailable: the database does not answer")
    ]
    assert await rows.one("wake_at > now()")


async def test_work_that_kills_its_workers_is_parked(rows: Rows, database: Database) -> None:
    await rows.owe(A, "answer", "1")
    await rows.connection.execute("UPDATE work SET attempts = 3")  # three leases that ran out

    async def handler(item: Item) -> None:
        raise AssertionError("not again")

    async with working(database, handler, attempts=3):
        await until(lambda: rows.one("parked_at IS NOT NULL"))
    assert (await rows.one("error")).startswith("WorkerLost")


async def test_one_tenants_long_work_leaves_places_for_anothers(rows: Rows, database: Database) -> None:
    await rows.fill([A], "send", 100)
    begun: list[UUID] = []
    end = asyncio.Event()

    async def handler(item: Item) -> None:
        begun.append(item.tenant)
        if item.tenant == A:
            await end.wait()

    async with working(database, handler, concurrency=8):
        await until(lambda: len(begun) == 6)
        await asyncio.sleep(0.2)
        assert begun == [A] * 6, "three quarters of the places"
        await rows.owe(B, "answer", "1")
        await until(lambda: begun[6:] == [B])
        end.set()
        await until(lambda: len(begun) == 101)
    assert await rows.count() == 0


async def test_a_schedule_runs_again_and_again(rows: Rows, database: Database) -> None:
    await rows.owe(A, "answer", "tick")
    runs: list[float] = []

    async def handler(item: Item) -> datetime:
        runs.append(monotonic())
        return datetime.now(UTC) + timedelta(seconds=0.1)

    async with working(database, handler):
        await until(lambda: len(runs) >= 4)
    assert runs[3] - runs[0] >= 0.3
    assert await rows.get("attempts, parked_at") == [(0, None)]


async def test_a_hint_wakes_the_worker_long_before_it_looks_for_itself(
    rows: Rows, database: Database
) -> None:
    hints = Hints()
    done = asyncio.Event()

    async def handler(item: Item) -> None:
        done.set()

    async with working(database, handler, hints=hints, poll=60):
        await asyncio.sleep(0.3)
        await rows.owe(A, "answer", "1")
        hints.owed(["answer"])
        await asyncio.wait_for(done.wait(), PATIENCE)


async def test_a_long_try_keeps_its_lease(rows: Rows, database: Database) -> None:
    await rows.owe(A, "answer", "1")
    runs, leases = 0, set[datetime]()

    async def handler(item: Item) -> None:
        nonlocal runs
        runs += 1
        await until(renewed)

    async def renewed() -> bool:
        leases.add(await rows.one("lease_until"))
        return len(leases) == 3

    # Longer than a busy machine stands still: else it would rightly be another one's.
    async with working(database, handler, lease=3), working(database, handler, lease=3):
        await until(lambda: runs == 1)
        await until(lambda: rows_gone(rows))
    assert runs == 1


async def rows_gone(rows: Rows) -> bool:
    return await rows.count() == 0


async def test_a_try_whose_lease_was_lost_is_stopped_and_its_end_changes_nothing(
    rows: Rows, database: Database
) -> None:
    await rows.owe(A, "answer", "1")
    stopped = asyncio.Event()

    async def handler(item: Item) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    other = uuid4()
    async with working(database, handler, lease=1.5):
        await until(lambda: rows.one("holder IS NOT NULL"))
        await rows.connection.execute(
            "UPDATE work SET holder = %s, wake_at = now() + interval '1 hour'", (other,)
        )
        await asyncio.wait_for(stopped.wait(), PATIENCE)
    assert await rows.get("holder, attempts, error") == [(other, 1, None)]


async def test_stopping_lets_work_end_or_gives_it_back(rows: Rows, database: Database) -> None:
    await rows.owe(A, "answer", "short")
    await rows.owe(A, "answer", "long")
    begun: set[str] = set()

    async def handler(item: Item) -> None:
        begun.add(item.key)
        await asyncio.sleep(0.05 if item.key == "short" else 60)

    async with working(database, handler, grace=2):
        await until(lambda: begun == {"short", "long"})
    assert await rows.get("key, attempts, holder, wake_at <= now()") == [("long", 0, None, True)]


async def test_a_busy_database_still_hears_what_is_given_back_however_short_the_grace(
    rows: Rows, database: Database
) -> None:
    await rows.owe(A, "answer", "1")
    begun = asyncio.Event()

    async def handler(item: Item) -> None:
        begun.set()
        await asyncio.Event().wait()

    class Busy(Work):
        async def finish(self, finished: Sequence[Finished]) -> list[Finished]:
            await asyncio.sleep(0.3)
            return await super().finish(finished)

    worker = Worker(Busy(database), {"answer": Kind(handler=handler)}, Hints(), poll=0.05, grace=0.1)
    running = asyncio.create_task(worker.run())
    await begun.wait()
    worker.stop()
    await running
    assert await rows.get("attempts, holder, wake_at <= now()") == [(0, None, True)]


async def test_what_ends_slowly_when_it_is_cut_off_is_given_back_all_the_same(
    rows: Rows, database: Database
) -> None:
    await rows.owe(A, "answer", "short")
    await rows.owe(A, "answer", "slow")
    begun: set[str] = set()
    stop = asyncio.Event()

    async def handler(item: Item) -> None:
        begun.add(item.key)
        if item.key == "short":
            await stop.wait()
            return
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.8)

    class Busy(Work):
        async def finish(self, finished: Sequence[Finished]) -> list[Finished]:
            await asyncio.sleep(0.3)
            return await super().finish(finished)

    worker = Worker(Busy(database), {"answer": Kind(handler=handler)}, Hints(), poll=0.05, grace=0.1)
    running = asyncio.create_task(worker.run())
    await until(lambda: begun == {"short", "slow"})
    stop.set()
    worker.stop()
    await running
    assert await rows.get("key, attempts, holder, wake_at <= now()") == [("slow", 0, None, True)]


async def test_killed_backends_cost_neither_work_nor_the_rate(rows: Rows, database: Database) -> None:
    await rows.fill([uuid4() for _ in range(20)], "send", 250)
    done: Counter[tuple[UUID, str]] = Counter()

    async def handler(item: Item) -> None:
        done[item.tenant, item.key] += 1
        await asyncio.sleep(0.002)

    async with working(database, handler, concurrency=16):
        for _ in range(5):
            await asyncio.sleep(0.1)
            await rows.connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        await until(lambda: len(done) == 5000)
        await until(lambda: rows_gone(rows))
    assert set(done.values()) == {1}


async def test_an_exhausted_pool_is_waited_for(
    rows: Rows, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rows.fill([A], "send", 100)
    done: list[str] = []

    async def handler(item: Item) -> None:
        done.append(item.key)

    async with (
        Database(cell(database_url), role="retrace_runner", size=1) as database,
        AsyncExitStack() as held,
    ):
        await held.enter_async_context(database.system())
        monkeypatch.setattr("infra.postgres.database.PATIENCE", 0.1)  # of those that wait for its only one
        async with working(database, handler):
            await asyncio.sleep(0.5)
            assert done == []
            await held.aclose()
            await until(lambda: len(done) == 100)
            await until(lambda: rows_gone(rows))


async def test_work_of_a_killed_worker_comes_back_when_its_lease_ends(
    rows: Rows, database_url: str, database: Database
) -> None:
    await rows.fill([A, B], "hang", 2)
    async with process(database_url) as child:
        await begun(child, 4)
        killed = monotonic()
        child.kill()
        await child.wait()
        assert await rows.get("holder IS NOT NULL") == [(True,)] * 4
        items: list[Leased] = []
        while len(items) < 4:
            items += (await Work(database).claim({"hang": 30}, 10)).items
            await asyncio.sleep(0.02)
    assert 0.3 < monotonic() - killed < 25, "the lease is of one second"
    assert {item.attempts for item in items} == {2}


async def test_a_worker_that_is_told_to_stop_gives_back_what_it_holds(rows: Rows, database_url: str) -> None:
    await rows.fill([A, B], "hang", 2)
    async with process(database_url) as child:
        await begun(child, 4)
        child.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await child.wait() == 0
    assert await rows.get("attempts, holder, lease_until, wake_at <= now()") == [(0, None, None, True)] * 4


@asynccontextmanager
async def process(url: str) -> AsyncIterator[Process]:
    """The worker of `process.py`, dead at the end."""
    root = Path(__file__).parents[3]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.infra.work.process", url, stdout=PIPE, cwd=root
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def begun(child: Process, count: int) -> None:
    assert child.stdout is not None
    async with asyncio.timeout(PATIENCE):
        for _ in range(count):
            assert await child.stdout.readline()
