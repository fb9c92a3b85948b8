from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from application.ports import Done, Due, Tally, Unavailable
from domain.agents.agent import Agent, AgentConfiguration
from domain.base.errors import Conflict, LimitReached, NotFound, Refused
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.models.completion import Turn
from infra.crypto.keyring import Tampered
from infra.log import appender as appender_module
from infra.log import commands, handed_over
from infra.log.appender import Appender
from infra.log.commands import Commands
from infra.log.snapshots import EVERY
from infra.log.store import LogStore
from infra.postgres.cell import Cell, Role
from infra.postgres.session import connect
from tests.cells import cell
from tests.infra.log.cutting import CUT
from tests.infra.log.parts import Log, context, full_disk, log_on, now, started
from tests.until import PATIENCE


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


async def test_what_was_saved_is_loaded_again(log: Log) -> None:
    ctx, conversation = context(), started("Grüße, 你好")
    saved = await log.store.save(conversation, context=ctx)
    loaded = await log.store.load(Conversation, conversation.id, tenant=ctx.tenant)
    assert saved.position == 2
    assert loaded.state == conversation.state
    assert (loaded.version, loaded.chain) == (2, conversation.chain)


@pytest.mark.parametrize(("text", "here"), [("short", True), ("long " * 300_000, False)])
async def test_a_large_event_is_sealed_beside_the_event_loop(
    log: Log, monkeypatch: pytest.MonkeyPatch, text: str, here: bool
) -> None:
    threads, sealed = [], commands._sealed

    def seal(*given: Any) -> tuple[bytes, bytes]:
        threads.append(threading.get_ident())
        return sealed(*given)

    monkeypatch.setattr(commands, "_sealed", seal)
    tenant = uuid4()
    call = Call.request(
        uuid4(),
        model="m",
        messages=(Turn(role="user", text=text),),
        max_tokens=None,
        temperature=None,
        stop=(),
        options={},
        stream=False,
        user=None,
        at=now(),
    )
    await log.store.save(call, context=context(tenant))
    assert (threads == [threading.get_ident()]) == here
    found = await log.store.load(Call, call.id, tenant=tenant)
    assert found.version == 1


async def test_events_carry_their_context(log: Log) -> None:
    ctx = context()
    await log.store.save(started(), context=ctx)
    recorded = await log.store.event(ctx.tenant, 2)
    assert (recorded.actor, recorded.correlation) == (ctx.actor, ctx.correlation)
    assert recorded.topic == "conversation.message_received"
    assert abs(now() - recorded.recorded_at) < timedelta(seconds=5)


async def test_a_stream_that_has_moved_on_is_a_conflict_and_writes_nothing(log: Log) -> None:
    ctx, conversation = context(), started()
    await log.store.save(conversation, context=ctx)
    first = await log.store.load(Conversation, conversation.id, tenant=ctx.tenant)
    second = await log.store.load(Conversation, conversation.id, tenant=ctx.tenant)
    first.close(None, now())
    second.close(None, now())
    await log.store.save(first, context=ctx)
    with pytest.raises(Conflict):
        await log.store.save(second, context=ctx, inbox="other")
    assert [r.position async for r in log.store.events(ctx.tenant)] == [1, 2, 3]


async def test_what_was_changed_a_moment_ago_is_handed_over_once_and_not_read_again(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx, made = context(), started()
    owed = [Due(kind="answer", key=made.id.hex, due_at=now())]
    changed, _ = await log.store.change(Conversation, made.id, lambda _: made, context=ctx, work=owed)

    async def load(**which: bool) -> Conversation:
        return await log.store.load(Conversation, made.id, tenant=ctx.tenant, **which)

    assert await load() is not changed, "whoever does not ask for it has one of its own"
    assert await load(after_changes=True) is changed
    found = await load(after_changes=True)
    assert found is not changed
    assert (found.version, found.state, found.chain) == (changed.version, changed.state, changed.chain)

    def close(known: Conversation | None) -> Conversation:
        assert known is not None
        known.close(None, now())
        return known

    await log.store.change(Conversation, made.id, close, context=ctx, work=owed)
    other = await load()
    other.receive(message="m2", text="hello?", interaction=uuid4(), at=now())
    await log.store.save(other, context=ctx)
    assert (await load(after_changes=True)).version == other.version, "what was changed since is read"
    other = await load()
    other.close(None, now())
    await log.store.change(Conversation, made.id, lambda _: other, context=ctx)
    assert await load(after_changes=True) is not other, (
        "it owes nothing: a stale one would say that there is nothing to do"
    )
    again = await load()
    again.receive(message="m3", text="hello?", interaction=uuid4(), at=now())
    monkeypatch.setattr(handed_over, "FRESH", 0.01)
    await log.store.change(Conversation, made.id, lambda _: again, context=ctx, work=owed)
    await asyncio.sleep(0.05)
    assert await load(after_changes=True) is not again


async def test_what_came_twice_is_not_handed_over(log: Log) -> None:
    ctx, made = context(), started()

    def receive(known: Conversation | None) -> Conversation:
        found = known or made
        if known is not None:
            known.receive(message="m2", text="hello?", interaction=uuid4(), at=now())
        return found

    for duplicate in (False, True):
        _, saved = await log.store.change(Conversation, made.id, receive, context=ctx, inbox="m1")
        assert saved.duplicate == duplicate
    found = await log.store.load(Conversation, made.id, tenant=ctx.tenant, after_changes=True)
    assert found.version == 2


async def test_a_version_beyond_the_next_is_refused(log: Log) -> None:
    ctx, conversation = context(), started()
    await log.store.save(conversation, context=ctx)
    conversation.close(None, now())
    conversation.collect_events()  # lost
    conversation.receive(message="m2", text="hello again", interaction=uuid4(), at=now())
    with pytest.raises(Conflict):
        await log.store.save(conversation, context=ctx)


async def test_an_inbox_key_has_one_effect_and_names_the_first(log: Log) -> None:
    ctx = context()
    await log.store.save(started(), context=ctx, inbox="m1")
    again = await log.store.save(started(), context=ctx, inbox="m1")
    assert (again.duplicate, again.position) == (True, 1)
    elsewhere = await log.store.save(started(), context=context(), inbox="m1")
    assert not elsewhere.duplicate


async def test_a_batch_with_losers_leaves_no_hole(log: Log) -> None:
    ctx = context()
    await log.store.save(started(), context=ctx, inbox="known")
    streams = [started() for _ in range(40)]

    async def save(number: int) -> bool:
        inbox = "known" if number % 3 == 0 else f"new{number}"
        tallies = [Tally(kind="t", key="k", change=1, high=5)] if number % 5 == 1 else []
        try:
            saved = await log.store.save(streams[number], context=ctx, inbox=inbox, tallies=tallies)
        except Refused:
            return False
        return not saved.duplicate

    done = await asyncio.gather(*(save(number) for number in range(40)))
    positions = [r.position async for r in log.store.events(ctx.tenant)]
    assert positions == list(range(1, 2 * sum(done) + 3))
    async with log.database.tenant(ctx.tenant) as connection:
        rows = await (await connection.execute("SELECT key, seq FROM inbox")).fetchall()
        heads = await (await connection.execute("SELECT seq FROM heads")).fetchall()
        tallies = await (await connection.execute("SELECT value FROM tally")).fetchall()
    assert heads == [(positions[-1],)]
    assert tallies == [(5,)]
    for key, seq in rows:  # each key points at the first event of its own command
        recorded = await log.store.event(ctx.tenant, seq)
        assert recorded.version == 1
        if key != "known":
            assert recorded.stream == streams[int(key[3:])].id


async def test_the_latest_state_has_what_this_process_wrote_also_where_nothing_was(log: Log) -> None:
    ctx = context()
    id = Agent.id_of(ctx.tenant)
    for _ in range(2):  # asked, and known
        with pytest.raises(NotFound):
            await log.store.latest(Agent, id, tenant=ctx.tenant)
    agent = Agent.begin(ctx.tenant, now())
    for version, name in enumerate(("Ann", "Bob"), 2):
        agent.configure(AgentConfiguration(name=name), now())
        await log.store.save(agent, context=ctx)
        latest = await log.store.latest(Agent, id, tenant=ctx.tenant)
        assert (latest.version, latest.state.configuration.name) == (version, name)


async def test_commands_of_one_batch_share_a_tally_and_those_that_do_not_fit_change_none(log: Log) -> None:
    ctx = context()
    await log.store.save(started(), context=ctx)  # so that the next ones go out together

    def tallies(change: int) -> list[Tally]:
        return [
            Tally(kind="x", key="most", change=change, high=7),
            Tally(kind="x", key="free", change=change, high=1000),
        ]

    changes = [3, 3, 3, 1, 1]
    results = await asyncio.gather(
        *(log.store.save(started(), context=ctx, tallies=tallies(change)) for change in changes),
        return_exceptions=True,
    )
    assert [isinstance(result, LimitReached) for result in results] == [False, False, True, False, True]
    tallied = await log.store.tallies(ctx.tenant, "x")
    assert tallied.values == {"most": 7, "free": 7}
    assert tallied.position == 2 + 2 * 3
    assert (await log.store.tallies(ctx.tenant, "x", ["free", "other"])).values == {"free": 7}
    assert (await log.store.tallies(uuid4(), "x")).values == {}


async def test_a_command_that_comes_again_changes_its_tally_once(log: Log) -> None:
    ctx, tally = context(), [Tally(kind="x", key="k", change=2, high=3)]
    for duplicate in (False, True):
        saved = await log.store.save(started(), context=ctx, inbox="once", tallies=tally)
        assert saved.duplicate == duplicate
    assert (await log.store.tallies(ctx.tenant, "x")).values == {"k": 2}


async def test_commands_of_one_batch_may_owe_the_same_work(log: Log) -> None:
    ctx, due = context(), now()
    await asyncio.gather(
        *(
            log.store.save(
                started(), context=ctx, work=[Due(kind="x", key="k", due_at=due + timedelta(seconds=n))]
            )
            for n in range(20)
        )
    )
    async with log.database.tenant(ctx.tenant) as connection:
        rows = await (await connection.execute("SELECT due_at FROM work")).fetchall()
    assert rows == [(due + timedelta(seconds=19),)]


async def test_a_tally_is_refused_at_its_bound_and_given_back_below_it(log: Log) -> None:
    ctx = context()

    async def change(by: int, high: int) -> None:
        tally = Tally(kind="budget", key="day", change=by, high=high)
        await log.store.save(started(), context=ctx, tallies=[tally])

    await change(4, 5)
    with pytest.raises(Refused):
        await change(2, 5)
    await change(-1, 1)  # back towards the bound is always possible, after a limit was lowered too
    await change(2, 5)


async def test_work_is_owed_and_settled_in_the_saving_transaction(log: Log) -> None:
    ctx, conversation = context(), started()
    await log.store.save(conversation, context=ctx, work=[Due(kind="answer", key="c", due_at=now())])
    async with log.database.tenant(ctx.tenant) as connection:
        assert await (await connection.execute("SELECT kind, key FROM work")).fetchall() == [("answer", "c")]
    conversation.close(None, now())
    await log.store.save(conversation, context=ctx, work=[Done(kind="answer", key="c")])
    async with log.database.tenant(ctx.tenant) as connection:
        assert await (await connection.execute("SELECT kind FROM work")).fetchall() == []


async def test_two_aggregates_are_saved_whole_or_not_at_all(log: Log) -> None:
    ctx, conversation = context(), started()
    await log.store.save(conversation, context=ctx)
    stale = await log.store.load(Conversation, conversation.id, tenant=ctx.tenant)
    conversation.close(None, now())
    await log.store.save(conversation, context=ctx)
    stale.close(None, now())
    agent = Agent.begin(ctx.tenant, now())
    with pytest.raises(Conflict):
        await log.store.save(agent, stale, context=ctx)
    with pytest.raises(NotFound):
        await log.store.load(Agent, agent.id, tenant=ctx.tenant)


async def test_change_begins_again_after_a_lost_race(log: Log) -> None:
    ctx, conversation = context(), started()
    await log.store.save(conversation, context=ctx)
    other = LogStore(
        log.appender, log.reader, log.snapshots, log.keyring, log.hints
    )  # as another process has it

    async def receive(number: int) -> None:
        def decide(known: Conversation | None) -> Conversation:
            assert known is not None
            known.receive(message=f"r{number}", text="x", interaction=uuid4(), at=now())
            return known

        store = (log.store, other)[number % 2]
        await store.change(Conversation, conversation.id, decide, context=ctx)

    await asyncio.gather(*(receive(number) for number in range(16)))
    burst = (await log.store.load(Conversation, conversation.id, tenant=ctx.tenant)).state.burst
    assert burst is not None
    assert {message.id for message in burst.messages} == {"m1", *(f"r{number}" for number in range(16))}


async def test_the_latest_is_as_new_as_it_is_asked_for(log: Log) -> None:
    """Another process has changed it: within a second that may go unseen, unless somebody must know."""
    ctx = context()
    agent = Agent.begin(ctx.tenant, now())
    await log.store.save(agent, context=ctx)
    await log.store.latest(Agent, agent.id, tenant=ctx.tenant)
    other = LogStore(log.appender, log.reader, log.snapshots, log.keyring, log.hints)

    def decide(known: Agent | None) -> Agent:
        assert known is not None
        known.configure(AgentConfiguration(name="Nora"), now())
        return known

    await other.change(Agent, agent.id, decide, context=ctx)
    since = time.monotonic()
    asked = [log.store.latest(Agent, agent.id, tenant=ctx.tenant, since=since) for _ in range(5)]
    assert {known.version for known in await asyncio.gather(*asked)} == {2}


async def test_a_resent_command_is_a_duplicate_of_itself(log: Log) -> None:
    """As after a connection that broke between the commit and its answer."""
    ctx, conversation = context(), started()
    pending = [(conversation, list(conversation.pending_events))]
    command, _, _ = await Commands(log.keyring).of(pending, ctx, None, [], [])  # type: ignore[arg-type]
    first, second = await log.appender.append(command), await log.appender.append(command)
    assert (first.outcome, first.position) == (0, 2)
    assert (second.outcome, second.position) == (1, 1)


async def test_a_clock_that_is_off_is_told_apart_from_a_conflict(log: Log) -> None:
    late = Conversation.start(uuid4(), channel="c", address="a", name=None, at=now() - timedelta(minutes=1))
    with pytest.raises(Unavailable, match="clock"):
        await log.store.save(late, context=context())


async def test_snapshots_give_the_same_state_as_replay(log: Log) -> None:
    ctx, conversation = context(), started()
    for number in range(130):
        conversation.receive(message=f"s{number}", text=f"text {number}", interaction=uuid4(), at=now())
        await log.store.save(conversation, context=ctx)
    assert await log.snapshots.load(Conversation, conversation.id, ctx.tenant) is None
    await log.store.load(Conversation, conversation.id, tenant=ctx.tenant)  # replays many, and keeps one
    snapshot = await log.snapshots.load(Conversation, conversation.id, ctx.tenant)
    assert snapshot is not None
    assert snapshot.version == 132
    replayed = await log.store._caught_up(Conversation, conversation.id, ctx.tenant, None, 132)
    assert replayed is not None
    assert (snapshot.state, snapshot.chain) == (replayed.state, replayed.chain)
    assert snapshot.created_on == replayed.created_on
    loaded = await log.store.load(Conversation, conversation.id, tenant=ctx.tenant)
    assert (loaded.state, loaded.version) == (conversation.state, 132)
    past = await log.store.load(Conversation, conversation.id, tenant=ctx.tenant, version=50)
    assert past.version == 50


async def test_an_event_that_cannot_be_read_below_a_snapshot_keeps_nobody_out(log: Log) -> None:
    ctx, conversation = context(), started()
    for number in range(EVERY + 20):
        conversation.receive(message=f"n{number}", text="hello?", interaction=uuid4(), at=now())
    await log.store.save(conversation, context=ctx)
    await log.store.load(Conversation, conversation.id, tenant=ctx.tenant)
    with psycopg.connect(log.url, autocommit=True) as superuser:
        query = "UPDATE retrace.events SET payload = set_byte(payload, 40, get_byte(payload, 40) # 1) WHERE stream = %s AND version = 7"
        superuser.execute(query, [conversation.id])
    other = LogStore(log.appender, log.reader, log.snapshots, log.keyring, log.hints)
    found = await other.load(Conversation, conversation.id, tenant=ctx.tenant)
    assert found.version == conversation.version
    with pytest.raises(Tampered):
        await other.load(Conversation, conversation.id, tenant=ctx.tenant, version=10)


async def test_a_short_stream_is_read_once_and_no_snapshot_of_it_is_looked_for(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx, short, long = context(), started(), started()
    for number in range(EVERY - 2):
        long.receive(message=f"s{number}", text=f"text {number}", interaction=uuid4(), at=now())
    await log.store.save(short, long, context=ctx)
    load, looked = log.snapshots.load, 0

    async def looking(*values: Any) -> Any:
        nonlocal looked
        looked += 1
        return await load(*values)

    monkeypatch.setattr(log.snapshots, "load", looking)
    for stream, times in ((short, 0), (long, 1)):
        found = await log.store.load(Conversation, stream.id, tenant=ctx.tenant)
        assert (found.version, found.state, found.chain) == (stream.version, stream.state, stream.chain)
        assert looked == times
    with pytest.raises(NotFound):
        await log.store.load(Conversation, uuid4(), tenant=ctx.tenant)
    assert looked == 1
    past = await log.store.load(Conversation, long.id, tenant=ctx.tenant, version=3)
    assert past.version == 3


async def test_several_are_loaded_at_once_but_for_what_is_long_or_erased(log: Log) -> None:
    ctx = context()
    first, second, long, gone, nowhere = started(), started("Hi!"), started(), started(), uuid4()
    for number in range(EVERY):
        long.receive(message=f"s{number}", text="text", interaction=uuid4(), at=now())
    await log.store.save(first, second, long, gone, context=ctx)
    async with await psycopg.AsyncConnection.connect(log.url, autocommit=True) as connection:
        await connection.execute(
            "UPDATE retrace.events SET payload = NULL WHERE tenant = %s AND stream = %s",
            (ctx.tenant, gone.id),
        )
    other = LogStore(log.appender, log.reader, log.snapshots, log.keyring, log.hints)
    wanted = [first.id, second.id, long.id, gone.id, nowhere]
    found = await other.load_several(Conversation, wanted, tenant=ctx.tenant)
    assert found.keys() == {first.id, second.id, nowhere}
    assert found[nowhere] is None
    for each in (first, second):
        known = found[each.id]
        assert known is not None
        assert (known.version, known.state, known.chain) == (each.version, each.state, each.chain)
    assert await other.load_several(Conversation, wanted, tenant=uuid4()) == dict.fromkeys(wanted)


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'somebody'",
        "payload = payload || 'x'",
        "recorded_at = recorded_at + interval '1 s'",
        "version = 7",
    ],
)
async def test_a_changed_payload_or_context_is_found_at_the_next_read(log: Log, change: str) -> None:
    ctx = context()
    await log.store.save(started(), context=ctx)
    with psycopg.connect(log.url, autocommit=True) as superuser:
        query = f"UPDATE retrace.events SET {change} WHERE tenant = %s AND seq = 2"
        superuser.execute(query.encode(), [ctx.tenant])
    with pytest.raises(Tampered):
        await log.store.event(ctx.tenant, 2)


async def test_text_is_nowhere_in_the_database_in_the_clear(log: Log) -> None:
    canary = "canary-7f3a9"
    await log.store.save(started(canary), context=context())
    with psycopg.connect(log.url) as superuser:
        query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'retrace'::regnamespace"
        for (table,) in superuser.execute(query).fetchall():
            rows = superuser.execute(f"SELECT t::text FROM retrace.{table} t".encode()).fetchall()
            text = "".join(row[0] for row in rows)
            assert canary not in text
            assert canary.encode().hex() not in text


async def test_writers_go_on_after_their_connections_were_cut(log: Log) -> None:
    ctx, conversation = context(), started()
    await log.store.save(conversation, context=ctx)
    with psycopg.connect(log.url, autocommit=True) as superuser:
        superuser.execute(CUT)
    conversation.close(None, now())
    assert (await log.store.save(conversation, context=ctx)).position == 3
    assert (await log.store.load(Conversation, conversation.id, tenant=ctx.tenant)).version == 3


async def test_one_bad_command_does_not_fail_its_batch(log: Log) -> None:
    ctx = context()
    results = await asyncio.gather(
        *(log.store.save(started(), context=ctx) for _ in range(5)),
        log.store.save(started(), context=ctx, inbox="nul\x00"),
        *(log.store.save(started(), context=ctx) for _ in range(5)),
        return_exceptions=True,
    )
    assert [isinstance(result, Exception) for result in results] == [False] * 5 + [True] + [False] * 5


async def test_a_reader_at_the_end_of_a_growing_log_sees_no_gap(log: Log) -> None:
    """What is committed between two looks must not pass for something that comes after a hole."""
    ctx, writing = context(), True

    async def write() -> None:
        nonlocal writing
        conversation = started()
        for number in range(150):
            conversation.receive(message=f"r{number}", text="more", interaction=uuid4(), at=now())
            await log.store.save(conversation, context=ctx)
        writing = False

    async def follow() -> int:
        after = 0
        while writing:
            batch = await log.reader.batch(ctx.tenant, after, 100, {"conversation.message_received"})
            if batch is not None:
                assert batch.last > after
                after = batch.last
        return after

    ends = await asyncio.gather(write(), *(follow() for _ in range(3)))
    assert max(end or 0 for end in ends) > 100


async def test_connections_that_die_before_their_first_use_are_replaced(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the server is killed while it comes up. Their sockets' numbers belong to others soon after."""
    made = 0

    async def dying(there: Cell, role: Role) -> Any:
        nonlocal made
        made += 1
        connection = await connect(there, role)
        if made <= 3:
            async with await psycopg.AsyncConnection.connect(log.url, autocommit=True) as superuser:
                await superuser.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
            await asyncio.sleep(0.05)
        return connection

    monkeypatch.setattr(appender_module, "connect", dying)
    async with asyncio.timeout(PATIENCE), Appender(cell(log.url)) as appender:
        store = LogStore(appender, log.reader, log.snapshots, log.keyring, log.hints)
        saved = await asyncio.gather(*(store.save(started(), context=context()) for _ in range(5)))
    assert [one.position for one in saved] == [2] * 5
    assert made >= 4


async def test_a_full_disk_is_told_at_once_and_writes_nothing_until_there_is_room(log: Log) -> None:
    ctx = context()
    async with full_disk(log.url):
        with pytest.raises(Unavailable, match="disk is full, so nothing was saved"):
            async with asyncio.timeout(PATIENCE):
                await log.store.save(started(), context=ctx)
    saved = await log.store.save(started(), context=ctx)
    assert (saved.position, saved.duplicate) == (2, False)
