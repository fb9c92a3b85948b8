"""Snapshots beside what replay gives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.conversations.conversation import Conversation
from infra.log.snapshot_check import SnapshotCheck
from tests.infra.log.parts import Log, context, log_on, now, started


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


async def kept(log: Log, tenant: UUID, texts: int = 3) -> Conversation:
    """A conversation, and its snapshot as of then; it goes on after that."""
    conversation = started()
    for number in range(texts):
        conversation.receive(message=f"n{number}", text="more", interaction=uuid4(), at=now())
    await log.store.save(conversation, context=context(tenant))
    await log.snapshots.save(await log.store.load(Conversation, conversation.id, tenant=tenant), tenant)
    conversation.receive(message="later", text="later", interaction=uuid4(), at=now())
    await log.store.save(conversation, context=context(tenant))
    return conversation


def checking(log: Log) -> SnapshotCheck:
    return SnapshotCheck(log.database, log.keyring, log.reader)


async def test_snapshots_are_what_replay_gives(log: Log) -> None:
    tenant, told = uuid4(), list[int]()
    for _ in range(3):
        await kept(log, tenant)
    found = await checking(log).run(tenant, tell=told.append)
    assert (found.snapshots, found.differing, found.outdated, found.erased) == (3, [], 0, 0)
    assert told == [1, 2, 3]
    assert await checking(log).count(tenant) == 3


async def test_each_difference_is_found_named_and_dropped(log: Log) -> None:
    tenant = uuid4()
    wrong, tampered, gone, outdated, fine = [await kept(log, tenant) for _ in range(5)]
    # A state that was folded wrongly, kept by whoever has the keys: nothing but replay can tell.
    state = await log.store.load(Conversation, wrong.id, tenant=tenant, version=4)
    state.state.address = "somebody else"
    with psycopg.connect(log.url, autocommit=True) as superuser:
        superuser.execute("DELETE FROM retrace.snapshots WHERE stream = %s", [wrong.id])
        superuser.execute(
            "UPDATE retrace.snapshots SET state = state || '\\x00' WHERE stream = %s", [tampered.id]
        )
        superuser.execute("DELETE FROM retrace.events WHERE stream = %s AND version >= 3", [gone.id])
        superuser.execute("UPDATE retrace.snapshots SET schema = 'older' WHERE stream = %s", [outdated.id])
    await log.snapshots.save(state, tenant)
    found = await checking(log).run(tenant)
    assert {each.stream: each.how for each in found.differing} == {
        f"conversation/{wrong.id}": "its state is another one",
        f"conversation/{tampered.id}": "it can't be read (Tampered)",
        f"conversation/{gone.id}": "its stream has no such version with this hash",
    }
    assert (found.snapshots, found.outdated, found.dropped) == (5, 1, 0)
    assert (await checking(log).run(tenant, drop=True)).dropped == 3
    after = await checking(log).run(tenant)
    assert (after.snapshots, after.differing) == (2, [])
    assert (await log.store.load(Conversation, wrong.id, tenant=tenant)).state.address == "anna"
    assert (await log.store.load(Conversation, fine.id, tenant=tenant)).version == fine.version
