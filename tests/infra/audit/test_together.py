"""Stretches of a log checked by themselves, by several processes, and joined."""

from __future__ import annotations

import errno
import logging
import os
import random
import signal
from collections.abc import AsyncIterator
from itertools import pairwise
from subprocess import Popen
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio

from domain.audit.merkle import leaf_hash
from domain.conversations.conversation import Conversation
from infra.audit import together
from infra.audit.chain import Chain
from infra.audit.pages import Row, fetching, pages
from infra.audit.stretch import check
from infra.audit.verify import Report, verify
from infra.crypto.erasing import SubjectEraser
from infra.postgres.database import Database
from tests.cells import cell
from tests.infra.audit.conftest import Audited, audited, tampered
from tests.infra.audit.tampering import TAMPERINGS
from tests.infra.log.parts import context, now


@pytest_asyncio.fixture(name="found", scope="module")
async def _found(database_url: str) -> AsyncIterator[Audited]:
    """A log of 131 events under three checkpoints, one event beyond them."""
    async with audited(database_url) as found:
        for events, streams in ((40, 7), (20, 1), (60, 3)):
            await found.write(events, streams=streams)
            await found.sign()
        await found.write(1)
        yield found


@pytest.fixture(name="short", autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of seven events, and helpers also for a short log."""
    monkeypatch.setattr(together, "STRETCH", 7)
    monkeypatch.setattr(together, "LEAST", 1)


async def verified(found: Audited, processes: int) -> Report:
    database, keyring, checkpoints = found.log.database, found.log.keyring, found.checkpoints
    return await verify(
        found.tenant, database=database, keyring=keyring, checkpoints=checkpoints, processes=processes
    )


async def rows_of_log(found: Audited) -> list[Row]:
    async with fetching(found.log.database, found.tenant) as fetch:
        return [row async for page in pages(fetch) for row in page]


async def test_several_processes_find_a_clean_log_clean(found: Audited) -> None:
    alone = await verified(found, 1)
    assert (alone.findings, alone.events - alone.signed) == ([], 2)
    for processes in (2, 4):
        assert await verified(found, processes) == alone


@pytest.mark.parametrize("number", range(len(TAMPERINGS)), ids=[each.__name__ for each in TAMPERINGS])
async def test_they_find_what_one_finds(found: Audited, number: int) -> None:
    async with tampered(found, number, 120, seed=7) as (numbers, faults):
        report = await verified(found, 2)
        assert any(f.seq in numbers and f.fault in faults for f in report.findings)
        assert report == await verified(found, 1)
    assert (await verified(found, 1)).findings == [], "as it was before"


async def test_helpers_that_are_killed_are_done_without(
    found: Audited, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Killed(Popen[bytes]):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # type: ignore[call-overload]  # as they come
            os.kill(self.pid, signal.SIGKILL)

    monkeypatch.setattr(together, "Popen", Killed)
    with caplog.at_level(logging.WARNING, "retrace.audit"):
        assert await verified(found, 3) == await verified(found, 1)
    assert "the others do its part" in caplog.text


async def test_where_there_is_no_room_for_a_helper_one_process_does_all(
    found: Audited, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(together, "Popen", full)
    with caplog.at_level(logging.WARNING, "retrace.audit"):
        assert await verified(found, 2) == await verified(found, 1)
    assert "BlockingIOError" in caplog.text


async def test_an_erasure_stands_in_another_stretch_than_what_it_has_taken(found: Audited) -> None:
    other = Audited(found.log, found.checkpoints, uuid4())
    await other.write(30, streams=3)
    last = (await rows_of_log(other))[-1]
    forgotten = await other.log.store.load(Conversation, UUID(bytes=last[1]), tenant=other.tenant)
    forgotten.forget(now())
    await other.log.store.save(forgotten, context=context(other.tenant))
    await other.sign()
    async with Database(cell(other.log.url), role="retrace_eraser") as database:
        assert await SubjectEraser(database, other.log.keyring).erase(other.tenant, forgotten.id) > 0
    assert (await verified(other, 2)).findings == []
    with psycopg.connect(other.log.url, autocommit=True) as superuser:  # one that nobody's erasure takes
        superuser.execute(
            "UPDATE retrace.events SET payload = NULL WHERE tenant = %s AND seq = 1", [other.tenant]
        )
    assert [finding.fault for finding in (await verified(other, 2)).findings] == ["payload missing"]


async def test_however_it_is_cut_the_parts_make_the_whole(found: Audited) -> None:
    rows = await rows_of_log(found)
    chance = random.Random(20261121)
    for _ in range(200):
        cuts = [0, *sorted(chance.sample(range(1, len(rows)), chance.randrange(len(rows) // 2))), len(rows)]
        parts = [check(first, rows[first:last]) for first, last in pairwise(cuts)]
        chain = Chain(found.tenant)
        assert all(part is not None and chain.join(part) for part in parts)
        assert (chain.seq, chain.leaves) == (rows[-1][0], [leaf_hash(row[7]) for row in rows])


async def test_parts_that_do_not_follow_one_another_are_not_joined(found: Audited) -> None:
    rows = await rows_of_log(found)
    parts = [check(first, rows[first : first + 20]) for first in range(0, 120, 20)]
    for wrong in (parts[1:], parts[:2] + parts[3:], [parts[0], parts[0]]):
        chain = Chain(found.tenant)
        assert not all(part is not None and chain.join(part) for part in wrong)


async def test_a_stream_that_begins_a_second_time_in_another_part_is_not_joined(found: Audited) -> None:
    rows = await rows_of_log(found)
    again = check(20, [(21, *rows[0][1:])])
    first, chain = check(0, rows[:20]), Chain(found.tenant)
    assert first is not None
    assert again is not None
    assert chain.join(first)
    assert not chain.join(again)
