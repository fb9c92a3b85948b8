"""The read model `authorship` on the real log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.audit.authorship import candidates, fingerprints
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.models.completion import Turn
from infra.projections.sql import TransactionSql
from projections.authorship import AuthorshipRow, find_authorship
from tests.infra.log.parts import Log, context, log_on, now
from tests.infra.projections.parts import begun, projecting, rows, talk


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


async def found(log: Log, tenant: UUID, text: str, limit: int = 20) -> list[AuthorshipRow]:
    async with log.database.tenant(tenant) as connection:
        sql = TransactionSql(connection)
        return await find_authorship(sql, tenant, candidates(tenant, text, ()), limit) or []


async def forget(log: Log, conversation: Conversation, tenant: UUID) -> None:
    conversation.forget(now())
    await log.store.save(conversation, context=context(tenant))


async def test_answers_with_a_text_are_found_the_newest_first_each_once(log: Log) -> None:
    tenant = uuid4()
    first, second = await talk(log, tenant, 2), await talk(log, tenant, 1)
    async with projecting(log) as projector:
        await projector.catch_up()
    hits = await found(log, tenant, "YES")
    assert [hit.stream for hit in hits] == [second.id, first.id, first.id]
    assert len({hit.interaction for hit in hits}) == 3
    for hit in hits:
        event = (await log.store.event(tenant, hit.position)).event
        assert isinstance(event, Conversation.Answered)
        assert event.interaction == hit.interaction
    assert [hit.stream for hit in await found(log, tenant, "yes", limit=1)] == [second.id]
    assert await found(log, tenant, "no") == []
    assert await found(log, uuid4(), "yes") == []


async def test_a_forgotten_conversation_s_rows_go_however_the_batches_fall(log: Log) -> None:
    tenant = uuid4()
    async with projecting(log) as projector:
        kept, gone = await talk(log, tenant, 1), await talk(log, tenant, 2)
        await projector.catch_up()
        at_once = await talk(log, tenant, 1)
        for conversation in (gone, at_once):
            await forget(log, conversation, tenant)
        never = begun()
        await log.store.save(never, context=context(tenant))
        await projector.catch_up()
        assert {hit.stream for hit in await found(log, tenant, "yes")} == {kept.id}
        live = await rows(log, tenant)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for name in (*live, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name} WHERE tenant = %s".encode(), [tenant])
        await projector.catch_up()
        assert live["authorship"]
        assert await rows(log, tenant) == live


async def test_the_table_holds_no_text(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 1)
    async with projecting(log) as projector:
        await projector.catch_up()
    table = (await rows(log, tenant))["authorship"]
    assert {row[1] for row in table} == fingerprints(tenant, "yes")


async def test_what_a_caller_had_got_when_it_went_away_is_found_and_a_call_without_a_word_is_not(
    log: Log,
) -> None:
    tenant = uuid4()
    for text in ("We are open from", ""):
        call = Call.request(
            uuid4(),
            model="auto",
            messages=(Turn(role="user", text="When?"),),
            max_tokens=None,
            temperature=None,
            stop=(),
            options={},
            stream=True,
            user=None,
            at=now(),
        )
        call.end(reason="the caller went away", text=text, latency_ms=1.0, at=now())
        await log.store.save(call, context=context(tenant))
    async with projecting(log) as projector:
        await projector.catch_up()
    (hit,) = await found(log, tenant, "we are open FROM")
    assert isinstance((await log.store.event(tenant, hit.position)).event, Call.Ended)
    assert hit.interaction == hit.stream
    assert {row[1] for row in (await rows(log, tenant))["authorship"]} == fingerprints(
        tenant, "We are open from"
    )
