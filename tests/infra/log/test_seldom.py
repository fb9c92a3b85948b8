"""What comes seldom is found by its index among all else, and nothing of it is passed over."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest

from application.ports import FREQUENT, Wanted
from domain.kinds import TOPICS
from infra.log import reader
from infra.log.finding import conditions
from infra.log.reader import COLUMNS
from tests.infra.log.parts import Log, context, log_on, now, started


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


def test_the_index_leaves_out_what_comes_with_each_message(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        (text,) = connection.execute(
            "SELECT pg_get_indexdef('retrace.events_rare'::regclass)"
        ).fetchone() or ("",)
    assert set(re.findall(r"'([a-z_]+\.[a-z_]+)'", text)) == FREQUENT
    assert set(TOPICS) >= FREQUENT


def test_a_look_for_what_is_seldom_goes_by_the_index(database_url: str) -> None:
    text, values = conditions(Wanted(topics=("conversation.forgotten", "user.forgotten")), 3)
    query = f"SELECT {COLUMNS} FROM retrace.events WHERE tenant = %s AND seq > %s AND seq <= %s {text}ORDER BY seq LIMIT 9"
    with psycopg.connect(database_url) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(
            f"EXPLAIN {query.replace('$4', '%s')}".encode(), [uuid4(), 0, 10**6, *values]
        ).fetchall()
    assert "events_rare" in str(plan)
    assert "topic <> ALL" not in conditions(Wanted(topics=("call.metered", "user.forgotten")), 3)[0]
    assert "topic <> ALL" not in conditions(Wanted(), 3)[0]


async def test_it_is_found_in_one_look_however_far_back_it_is(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "SPAN", 2)
    tenant = uuid4()
    for n in range(6):
        conversation = started(message=str(n))
        if n in (0, 3):
            conversation.close(None, now())
        await log.store.save(conversation, context=context(tenant))
    head = await log.reader.head(tenant)
    wanted = Wanted(topics=("conversation.closed",))
    pages = [page async for page in log.store.find(tenant, wanted, after=0, until=head)]
    assert [[each.topic for each in page.events] for page in pages] == [["conversation.closed"] * 2]


async def test_spans_of_streams_come_together(log: Log) -> None:
    tenant, streams = uuid4(), []
    for n in range(3):
        conversation = started(message=str(n))
        conversation.close(None, now())
        await log.store.save(conversation, context=context(tenant))
        streams.append(conversation.id)
    found = await log.store.spans(tenant, [(streams[2], 1, 2), (streams[0], 2, 9), (uuid4(), 1, 9)])
    assert {stream: [each.version for each in events] for stream, events in found.items()} == {
        streams[2]: [1, 2],
        streams[0]: [2, 3],
    }
    assert await log.store.spans(tenant, []) == {}
    assert await log.store.spans(uuid4(), [(streams[0], 1, 9)]) == {}
