from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.base.tasks import cancel_and_wait
from domain.base.sketch import bucket_of, percentile
from domain.conversations.conversation import Conversation
from infra.crypto.keyring import Keyring, Tampered
from infra.log.reader import Reader
from infra.metrics.deployment import worst_lags
from infra.projections.lag import lags, parked_events
from infra.projections.sql import TransactionSql
from projections import PROJECTIONS
from projections.conversations import list_conversations
from projections.interactions import get_interaction
from projections.transcript import Transcript
from projections.usage import usage
from tests.infra.log.cutting import CUT
from tests.infra.log.parts import MASTER, Log, context, log_on
from tests.infra.projections.parts import (
    Poisoned,
    begun,
    calls,
    exchange,
    projecting,
    rows,
    talk,
)


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


async def test_read_models_tell_what_happened(log: Log) -> None:
    tenant, today = uuid4(), datetime.now(UTC).date()
    conversation = await talk(log, tenant, 3)
    last = conversation.state.last_interaction
    assert last is not None
    async with projecting(log) as projector:
        await projector.catch_up()
    async with log.database.tenant(tenant) as connection:
        sql = TransactionSql(connection)
        (row,) = await list_conversations(sql, tenant)
        interaction = await get_interaction(sql, tenant, last)
        day = timedelta(days=1)
        (figures,) = await usage(sql, tenant, since=today - day, until=today + day, by="all")
    assert (row.conversation, row.messages, row.answers, row.status) == (conversation.id, 3, 3, "open")
    assert interaction is not None
    assert (interaction.status, interaction.cost) == ("answered", Decimal("0.00125"))
    assert (figures.calls, figures.cost, figures.input_tokens) == (3, Decimal("0.00375"), 3000)
    assert figures.model == "m-1"
    assert abs(figures.p50_ms - 12) <= 0.12


async def test_a_rebuild_from_zero_equals_the_live_model_row_for_row(log: Log) -> None:
    tenant = uuid4()
    async with projecting(log) as projector:
        for turns in (2, 1, 4):
            await talk(log, tenant, turns)
            await projector.catch_up()
        live = await rows(log, tenant)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for name in (*live, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name} WHERE tenant = %s".encode(), [tenant])
        await projector.catch_up()
    assert live["conversations"]
    assert live["costs"]
    assert await rows(log, tenant) == live


async def test_two_projectors_beside_four_writers_skip_nothing_and_double_nothing(log: Log) -> None:
    tenants = [uuid4() for _ in range(3)]
    async with projecting(log) as one, projecting(log) as two:
        runs = [asyncio.create_task(one.run()), asyncio.create_task(two.run())]
        await asyncio.gather(*(talk(log, tenants[n % 3], 25) for n in range(4)))
        for tenant in tenants:
            await one.wait(tenant)
        await cancel_and_wait(*runs)
    assert [await calls(log, tenant) for tenant in tenants] == [50, 25, 25]


async def test_a_lag_is_how_long_the_oldest_event_waits(log: Log) -> None:
    """After a quiet hour the next event has waited for a moment; a tenant that nobody has come to waits since its first."""
    quiet, new = uuid4(), uuid4()
    conversation = await talk(log, quiet, 1)
    async with projecting(log) as projector:
        await projector.catch_up([quiet])
        exchange(conversation)
        await log.store.save(conversation, context=context(quiet))
        await talk(log, new, 1)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for table, column in (("events", "seq <= 6"), ("cursors", "true")):
                superuser.execute(
                    f"UPDATE retrace.{table} SET recorded_at = recorded_at - interval '1 hour' WHERE tenant = %s AND {column}".encode(),
                    [quiet],
                )
            superuser.execute(
                "UPDATE retrace.events SET recorded_at = recorded_at - interval '2 hours' WHERE tenant = %s",
                [new],
            )
        (of_quiet, *_), (of_new, *_) = [
            await lags(projector._system, PROJECTIONS, each) for each in (quiet, new)
        ]
        assert (of_quiet.behind > 0, of_quiet.seconds < 60) == (True, True)
        assert (of_new.position, 7200 <= of_new.seconds < 7300) == (0, True)
        worst = {name: seconds for name, _, seconds, *_ in await worst_lags(projector._system, PROJECTIONS)}
        assert 7200 <= worst["costs"] < 7300
        await projector.catch_up([quiet, new])
        assert {each.seconds for each in await lags(projector._system, PROJECTIONS, new)} == {0.0}


async def test_a_poisoned_event_is_parked_and_the_others_go_on(log: Log) -> None:
    tenant, conversation = uuid4(), begun()
    for latency in (1.0, 666.0, 1.0, 1.0):
        exchange(conversation, latency)
    await log.store.save(conversation, context=context(tenant))
    projections = (Transcript(), Poisoned())
    async with projecting(log, projections) as projector:
        await projector.catch_up([tenant])
        found = {lag.projection: lag for lag in await lags(projector._system, projections, tenant)}
    assert (found["costs"].behind, found["costs"].parked, found["transcript"].parked) == (0, 1, 0)
    assert await calls(log, tenant) == 3
    with psycopg.connect(log.url) as superuser:
        query = "SELECT topic, error FROM retrace.parked WHERE tenant = %s"
        assert superuser.execute(query, [tenant]).fetchall() == [("conversation.metered", "ValueError")]


async def test_a_gap_in_the_log_stops_the_projection_instead_of_being_skipped(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 3)
    with psycopg.connect(log.url, autocommit=True) as superuser:
        superuser.execute("DELETE FROM retrace.events WHERE tenant = %s AND seq = 4", [tenant])
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
        found = await lags(projector._system, PROJECTIONS, tenant)
    assert len(found) == len(PROJECTIONS)
    assert all(lag.stopped == "the log does not go on after 3" and lag.position == 3 for lag in found)


async def test_a_projection_goes_on_by_itself_once_the_gap_is_closed(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 2)
    with psycopg.connect(log.url, autocommit=True) as superuser:
        superuser.execute(
            "CREATE TABLE public.aside AS SELECT * FROM retrace.events WHERE tenant = %s AND seq IN (4, 5)",
            [tenant],
        )
        superuser.execute("DELETE FROM retrace.events WHERE tenant = %s AND seq IN (4, 5)", [tenant])
        async with projecting(log) as projector:
            await projector.catch_up([tenant])
            assert {lag.position for lag in await lags(projector._system, PROJECTIONS, tenant)} == {3}
            run = asyncio.create_task(projector.run())
            superuser.execute("INSERT INTO retrace.events SELECT * FROM public.aside WHERE seq = 5")
            await asyncio.sleep(0)  # one of two is still missing
            superuser.execute("INSERT INTO retrace.events SELECT * FROM public.aside WHERE seq = 4")
            await projector.wait(tenant)
            await cancel_and_wait(run)
            found = await lags(projector._system, PROJECTIONS, tenant)
        superuser.execute("DROP TABLE public.aside")
        query = "SELECT key FROM retrace.work WHERE tenant = %s AND kind = 'projection_alert' ORDER BY key"
        owed = [key for (key,) in superuser.execute(query, [tenant]).fetchall()]
    assert all(lag.stopped is None and lag.behind == 0 for lag in found)
    assert await calls(log, tenant) == 2
    for start in ("resumed/costs/", "stopped/costs/"):
        assert sum(key.startswith(start) for key in owed) == 1


async def test_events_that_are_missing_at_the_end_of_the_log_are_a_gap(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 1)
    with psycopg.connect(log.url, autocommit=True) as superuser:
        superuser.execute("DELETE FROM retrace.events WHERE tenant = %s AND seq > 4", [tenant])
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
        found = await lags(projector._system, PROJECTIONS, tenant)
    assert {lag.stopped for lag in found} == {"the log does not go on after 4"}


async def test_an_event_that_does_not_open_is_parked_and_the_others_go_on(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 3)
    changed = "payload = set_byte(payload, length(payload) - 1, get_byte(payload, length(payload) - 1) # 1)"
    metered = "tenant = %s AND topic = 'conversation.metered'"
    with psycopg.connect(log.url, autocommit=True) as superuser:
        query = f"SELECT seq FROM retrace.events WHERE {metered} ORDER BY seq"
        _, (second,), _ = superuser.execute(query.encode(), [tenant]).fetchall()
        update = f"UPDATE retrace.events SET {changed} WHERE {metered} AND seq = %s"
        superuser.execute(update.encode(), [tenant, second])
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
        found = {lag.projection: lag for lag in await lags(projector._system, PROJECTIONS, tenant)}
        parked = await parked_events(projector._system, tenant=tenant)
    assert {name for name, lag in found.items() if lag.parked} == {
        projection.name for projection in PROJECTIONS if Conversation.Metered in projection.events
    }
    assert all(lag.behind == 0 for lag in found.values())
    (event,) = parked["costs", found["costs"].version, tenant]
    assert (event.position, event.kind, event.error) == (second, "conversation.metered", "Tampered")
    assert await calls(log, tenant) == 2


async def test_a_tenant_whose_key_does_not_open_holds_nobody_up(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    locked, free = uuid4(), uuid4()
    for tenant in (locked, free):
        await talk(log, tenant, 1)
    with psycopg.connect(log.url, autocommit=True) as superuser:
        superuser.execute("UPDATE retrace.tenant_keys SET wrapped = '\\x00' WHERE tenant = %s", [locked])
    async with projecting(log) as projector:
        projector._reader = Reader(projector._reader._database, Keyring(log.database, MASTER))
        with pytest.raises(Tampered):
            await projector.catch_up([locked])
        run = asyncio.create_task(projector.run())
        await projector.wait(free)
        assert not run.done()
        await cancel_and_wait(run)
        assert await projector.behind(locked) > 0
    (line,) = [record for record in caplog.records if "can't be read" in record.getMessage()]
    assert line.facts["tenant"] == str(locked)  # type: ignore[attr-defined]
    with psycopg.connect(log.url, autocommit=True) as superuser:  # for the tests after this one
        for table in ("heads", "events"):
            superuser.execute(f"DELETE FROM retrace.{table} WHERE tenant = %s".encode(), [locked])


async def test_a_projector_goes_on_after_its_connections_were_cut(log: Log) -> None:
    tenant = uuid4()
    async with projecting(log) as projector:
        run = asyncio.create_task(projector.run())
        await talk(log, tenant, 2)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            superuser.execute(CUT)
        await talk(log, tenant, 2)
        await projector.wait(tenant)
        await cancel_and_wait(run)
    assert await calls(log, tenant) == 4


async def test_a_projector_that_is_stopped_at_any_moment_stops_listening(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []

    async def catch_up(_: object = None, **__: object) -> None:
        looked.append(None)
        await asyncio.sleep(0 if len(looked) < 3 else 60)

    async with projecting(log) as projector:
        monkeypatch.setattr(projector, "catch_up", catch_up)
        run = asyncio.create_task(projector.run())
        while len(looked) < 3:
            await asyncio.sleep(0.01)
        assert len(log.hints._listeners) == 1
        await cancel_and_wait(run)
        # Its listening task would outlive it: a client of Redis may swallow a cancellation.
        assert not log.hints._listeners


@given(
    st.lists(st.floats(min_value=0.001, max_value=1e7), min_size=1, max_size=200),
    st.sampled_from([0.5, 0.95, 0.99]),
)
def test_percentiles_of_the_sketch_are_within_one_percent(latencies: list[float], share: float) -> None:
    buckets: dict[int, int] = {}
    for latency in latencies:
        buckets[bucket_of(latency)] = buckets.get(bucket_of(latency), 0) + 1
    found = percentile(buckets, share)
    if len(latencies) < {0.5: 2, 0.95: 20, 0.99: 100}[share]:
        assert found is None
        return
    exact = sorted(latencies)[ceil(round(share * len(latencies), 6)) - 1]
    assert found is not None
    assert abs(found - exact) <= 0.0101 * exact
    assert sum(latency <= exact for latency in latencies) >= round(share * len(latencies), 6)
