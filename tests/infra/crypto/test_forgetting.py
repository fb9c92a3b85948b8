"""A key that one process destroys goes from the memory of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg

from infra.crypto.erasing import SubjectEraser
from infra.crypto.forgetting import forgetting
from infra.crypto.keyring import Keyring
from infra.log.reader import Reader
from infra.postgres.database import Database
from tests.cells import cell
from tests.infra.log.parts import MASTER, Log, context, log_on, started
from tests.until import until

EVERY = 0.1


@asynccontextmanager
async def another(url: str) -> AsyncIterator[Keyring]:
    """The keyring of another process."""
    async with (
        Database(cell(url), size=2) as database,
        Database(cell(url), role="retrace_runner", size=1) as system,
    ):
        keyring = Keyring(database, MASTER)
        async with forgetting(system, keyring, every=EVERY):
            yield keyring


@asynccontextmanager
async def eraser_of(log: Log) -> AsyncIterator[SubjectEraser]:
    async with Database(cell(log.url), role="retrace_eraser", size=1) as database:
        yield SubjectEraser(database, log.keyring)


async def gone(keyring: Keyring, tenant: UUID, subject: UUID) -> bool:
    """After some looks."""
    return bool(await until(lambda: keyring.cached(tenant, subject) is None))


async def test_a_destroyed_key_goes_from_other_processes_within_seconds_and_others_stay(
    database_url: str,
) -> None:
    async with log_on(database_url) as log, eraser_of(log) as eraser, another(database_url) as keyring:
        ctx, theirs, others = context(), started("secret"), started("hello")
        for conversation in (theirs, others):
            await log.store.save(conversation, context=ctx)
        await keyring.load(ctx.tenant, [theirs.id, others.id])
        assert keyring.cached(ctx.tenant, theirs.id) is not None
        await eraser.erase(ctx.tenant, theirs.id)
        assert await gone(keyring, ctx.tenant, theirs.id)
        assert keyring.cached(ctx.tenant, others.id) is not None


async def test_a_key_that_was_read_before_and_is_cached_after_the_erasure_goes_too(database_url: str) -> None:
    async with log_on(database_url) as log, eraser_of(log) as eraser, another(database_url) as keyring:
        ctx, theirs = context(), started("secret")
        await log.store.save(theirs, context=ctx)
        key = (await keyring.load(ctx.tenant, [theirs.id]))[theirs.id]
        await eraser.erase(ctx.tenant, theirs.id)
        assert await gone(keyring, ctx.tenant, theirs.id)
        keyring.remember(ctx.tenant, theirs.id, key)
        assert await gone(keyring, ctx.tenant, theirs.id)


async def test_what_was_destroyed_while_the_database_was_away_is_heard_of_afterwards(
    database_url: str,
) -> None:
    async with log_on(database_url) as log, eraser_of(log) as eraser, another(database_url) as keyring:
        ctx, theirs = context(), started("secret")
        await log.store.save(theirs, context=ctx)
        await keyring.load(ctx.tenant, [theirs.id])
        with psycopg.connect(database_url, autocommit=True) as superuser:
            superuser.execute("REVOKE SELECT ON retrace.destroyed_keys FROM retrace_runner")
            await eraser.erase(ctx.tenant, theirs.id)
            await asyncio.sleep(3 * EVERY)
            assert keyring.cached(ctx.tenant, theirs.id) is not None
            superuser.execute("GRANT SELECT ON retrace.destroyed_keys TO retrace_runner")
        assert await gone(keyring, ctx.tenant, theirs.id)


async def test_a_text_in_another_process_can_not_be_read_any_more(database_url: str) -> None:
    async with log_on(database_url) as log, eraser_of(log) as eraser, another(database_url) as keyring:
        ctx, theirs = context(), started("secret")
        await log.store.save(theirs, context=ctx)
        async with Database(cell(database_url), size=1) as database:
            reader = Reader(database, keyring)
            before = [recorded async for recorded in reader.pages(ctx.tenant)]
            assert all(recorded.event is not None for recorded in before)
            await eraser.erase(ctx.tenant, theirs.id)
            assert await gone(keyring, ctx.tenant, theirs.id)
            after = [recorded async for recorded in reader.pages(ctx.tenant)]
            assert [recorded.hash for recorded in after] == [recorded.hash for recorded in before]
            assert all(recorded.event is None for recorded in after)
