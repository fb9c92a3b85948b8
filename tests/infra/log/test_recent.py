"""What a process has had in hand is gone on with: read from there, or not read at all, and never taken for the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from domain.base.errors import Refused
from domain.conversations.conversation import Conversation
from infra.crypto.erasing import SubjectEraser
from infra.log import recent as recent_module
from infra.log.odds import WEIGHT, Odds
from infra.log.recent import Recent, restored
from infra.log.snapshots import EVERY
from infra.log.store import LogStore
from infra.postgres.database import Database
from tests.cells import cell
from tests.infra.log.parts import Log, context, log_on, now, started


@pytest_asyncio.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


@pytest.fixture(name="reads")
def _reads(log: Log, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """After which versions streams were read."""
    found, stream = list[int](), log.reader.stream

    async def reading(tenant: UUID, id: UUID, after: int = 0, *given: Any, **more: Any) -> Any:
        found.append(after)
        return await stream(tenant, id, after, *given, **more)

    monkeypatch.setattr(log.reader, "stream", reading)
    return found


def other_process(log: Log) -> LogStore:
    return LogStore(log.appender, log.reader, log.snapshots, log.keyring, log.hints)


def receiving(
    message: str, first: Conversation | None = None
) -> Callable[[Conversation | None], Conversation]:
    def decide(known: Conversation | None) -> Conversation:
        found = known or first
        assert found is not None
        if known is not None:
            found.receive(message=message, text="hello?", interaction=uuid4(), at=now())
        return found

    return decide


def messages(conversation: Conversation) -> list[str]:
    burst = conversation.state.burst
    return [message.id for message in burst.messages] if burst else []


async def test_what_was_changed_here_is_changed_again_without_a_look(log: Log, reads: list[int]) -> None:
    ctx, made = context(), started()
    await log.store.change(Conversation, made.id, receiving("m1", made), context=ctx)
    reads.clear()
    for name in ("m2", "m3"):
        await log.store.change(Conversation, made.id, receiving(name), context=ctx)
    assert reads == []
    fresh = await other_process(log).load(Conversation, made.id, tenant=ctx.tenant)
    assert messages(fresh) == ["m1", "m2", "m3"]
    here = await log.store.load(Conversation, made.id, tenant=ctx.tenant)
    assert reads == [0, fresh.version], "it is read from where this process knew it"
    assert (here.version, here.state, here.chain) == (fresh.version, fresh.state, fresh.chain)
    assert (here.created_on, here.modified_on) == (fresh.created_on, fresh.modified_on)


async def test_where_another_process_was_first_it_is_made_again_of_what_the_log_has(log: Log) -> None:
    ctx, made, other = context(), started(), other_process(log)
    await log.store.change(Conversation, made.id, receiving("m1", made), context=ctx)
    for number in range(4):
        await other.change(Conversation, made.id, receiving(f"there {number}"), context=ctx)
        await log.store.change(
            Conversation, made.id, receiving(f"here {number}"), context=ctx, inbox=f"i{number}"
        )
    again, saved = await log.store.change(Conversation, made.id, receiving("again"), context=ctx, inbox="i2")
    assert saved.duplicate
    found = await log.store.load(Conversation, made.id, tenant=ctx.tenant)
    expected = ["m1"] + [f"{where} {number}" for number in range(4) for where in ("there", "here")]
    assert messages(found) == expected
    assert again.version == found.version + 1, "what was not saved is not kept"


async def test_nothing_is_refused_or_left_undone_by_what_may_have_changed(log: Log) -> None:
    ctx, made, other = context(), started(), other_process(log)
    await log.store.change(Conversation, made.id, receiving("m1", made), context=ctx)

    def close(known: Conversation | None) -> Conversation:
        assert known is not None
        known.close(None, now())
        return known

    def reopen_closed(known: Conversation | None) -> Conversation:
        assert known is not None
        if known.state.open:
            raise Refused("it is open")
        known.reopen(now())
        return known

    await other.change(Conversation, made.id, close, context=ctx)
    found, _ = await log.store.change(Conversation, made.id, reopen_closed, context=ctx)
    assert found.state.open
    with pytest.raises(Refused):
        await log.store.change(Conversation, made.id, reopen_closed, context=ctx)
    await log.store.change(Conversation, made.id, close, context=ctx)
    _, saved = await log.store.change(Conversation, made.id, close, context=ctx)
    assert saved.position == 0
    await other.load(Conversation, made.id, tenant=ctx.tenant)
    await other.change(Conversation, made.id, reopen_closed, context=ctx)
    _, saved = await log.store.change(Conversation, made.id, close, context=ctx)
    assert saved.position, "it was open again, though this process knew it as closed"


async def test_a_conversation_that_goes_on_has_snapshots_all_the_same(log: Log) -> None:
    ctx, made = context(), started()
    await log.store.change(Conversation, made.id, receiving("m1", made), context=ctx)
    for number in range(EVERY):
        await log.store.change(Conversation, made.id, receiving(f"n{number}"), context=ctx)
    found = await log.store.load(Conversation, made.id, tenant=ctx.tenant)
    snapshot = await log.snapshots.load(Conversation, made.id, ctx.tenant)
    assert snapshot is not None
    assert (snapshot.version, snapshot.state) == (found.version, found.state)


async def test_who_was_erased_is_kept_by_no_process(log: Log) -> None:
    ctx, made = context(), started()
    await log.store.change(Conversation, made.id, receiving("m1", made), context=ctx)
    recent = log.store._recent
    assert recent.has(ctx.tenant, made.id)

    def forget(known: Conversation | None) -> Conversation:
        assert known is not None
        known.forget(now())
        return known

    await other_process(log).change(Conversation, made.id, forget, context=ctx)
    async with Database(cell(log.url), role="retrace_eraser", size=1) as erasing:
        await SubjectEraser(erasing, log.keyring).erase(ctx.tenant, made.id)
    assert not recent.has(ctx.tenant, made.id)
    assert recent._bytes == 0


async def test_it_keeps_so_many_bytes_and_what_was_asked_for_last(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx, made = context(), [started("long " * 100) for _ in range(10)]
    await log.store.save(*made, context=ctx)
    recent = Recent(log.keyring)
    recent.put(ctx.tenant, made[0])
    monkeypatch.setattr(recent_module, "ROOM", 4 * recent._bytes + 50)
    for each in made[1:]:
        recent.put(ctx.tenant, each)
        assert recent.find(Conversation, made[0].id, ctx.tenant) is not None
    assert [recent.has(ctx.tenant, each.id) for each in made] == [True] + 6 * [False] + 3 * [True]
    kept = recent.find(Conversation, made[9].id, ctx.tenant)
    assert kept is not None
    assert restored(kept, Conversation, made[9].id).state == made[9].state
    log.keyring.forget_tenant(ctx.tenant)
    assert recent._bytes == 0


def test_the_odds_follow_what_comes_of_it() -> None:
    odds, tries = Odds(), round(2 / WEIGHT)
    assert odds.good("conversation", 3.0)
    assert not odds.good("conversation", None), "that there is nothing has to be seen first"
    for _ in range(tries):
        odds.saw("conversation", 3.0, False)
        odds.saw("conversation", None, True)
    assert not odds.good("conversation", 2.5)
    assert odds.good("conversation", 0.1)
    assert odds.good("budget", 3.0)
    assert odds.good("conversation", None)
    for _ in range(tries):
        odds.saw("conversation", 3.0, True)
    assert odds.good("conversation", 3.0)
