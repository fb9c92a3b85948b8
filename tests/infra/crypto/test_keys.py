"""Master and tenant keys rotate while traffic runs; everything stays readable, and a missing key is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import psycopg
import pytest

from application.tenancy.encryption_keys import rotate_master_key, rotate_tenant_key
from domain.base.context import Context
from domain.conversations.conversation import Conversation
from domain.tenancy.tenant import Tenant
from infra.audit.checkpoints import Checkpoints
from infra.audit.verify import verify
from infra.crypto import keyring, rotating
from infra.crypto.erasing import SubjectEraser
from infra.crypto.keyring import Keyring
from infra.crypto.rotating import Rotator
from infra.crypto.wrapping import MasterKeyMissing, Masters, Tampered
from infra.log.reader import Reader
from infra.master_key import fingerprint
from infra.postgres.cell import Role
from infra.postgres.database import Database
from tests.cells import cell, session
from tests.infra.log.parts import MASTER, Log, context, log_on, now, started
from tests.until import until

NEW = b"another-master-key-of-32-bytes!!"
BOTH = NEW + MASTER
NEXT = MASTER + NEW
"""As processes have it before the new key is put in front."""
SOON = 0.6
"""Seconds that stand in for STRAGGLERS, with FRESH made as short."""


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "FRESH", 0.2)


@asynccontextmanager
async def rotator_on(url: str, master: bytes = BOTH) -> AsyncIterator[Rotator]:
    async with Database(cell(url), role="retrace_keeper", size=2) as database:
        yield Rotator(database, master, stragglers=SOON)


@asynccontextmanager
async def reader_on(url: str, master: bytes) -> AsyncIterator[Reader]:
    """As a process that has just been started."""
    async with Database(cell(url), size=2) as database:
        yield Reader(database, Keyring(database, master))


async def shop(log: Log) -> Context:
    ctx = context()
    await log.store.save(Tenant.begin(ctx.tenant, "Shop", now()), context=ctx)
    return ctx


async def fill(log: Log, ctx: Context, count: int) -> list[UUID]:
    made = [started(f"text {n}") for n in range(count)]
    await asyncio.gather(*(log.store.save(each, context=ctx) for each in made))
    return [each.id for each in made]


async def rotate(log: Log, ctx: Context, rotator: Rotator) -> int:
    done = await rotate_tenant_key(ctx, store=log.store, keeper=rotator, clock=now)
    return done.generation


async def texts(reader: Reader, tenant: UUID) -> list[str]:
    events = [recorded.event async for recorded in reader.pages(tenant)]
    assert None not in events
    return [event.text for event in events if isinstance(event, Conversation.MessageReceived)]


class Traffic:
    """Writers that make new conversations and go on with old ones, and readers, until told to stop."""

    def __init__(self, url: str, tenant: UUID) -> None:
        self.url, self.tenant = url, tenant
        self.stop = asyncio.Event()
        self.saved = 0
        self.read = 0

    async def write(self, master: bytes) -> None:
        async with log_on(self.url, master) as log:  # each has a keyring of its own, as a process has
            while not self.stop.is_set():
                talk = started(f"by {id(log)}")
                for number in range(3):
                    await log.store.save(talk, context=context(self.tenant))
                    self.saved += 1
                    talk.receive(message=f"n{number}", text="and", interaction=uuid4(), at=now())
                await asyncio.sleep(0.005)

    async def look(self, master: bytes) -> None:
        while not self.stop.is_set():
            async with reader_on(self.url, master) as reader:
                self.read += len(await texts(reader, self.tenant))
            await asyncio.sleep(0.05)


async def test_both_keys_rotate_while_four_write_and_four_read(database_url: str) -> None:
    async with log_on(database_url, NEXT) as log, rotator_on(database_url) as rotator:
        ctx = await shop(log)
        await fill(log, ctx, 100)
        traffic = Traffic(database_url, ctx.tenant)
        async with asyncio.TaskGroup() as group:
            for master in (BOTH, NEXT, BOTH, NEXT):
                group.create_task(traffic.write(master))
                group.create_task(traffic.look(master))
            assert await rotate(log, ctx, rotator) == 2
            assert await rotate_master_key(ctx, store=log.store, keeper=rotator, clock=now) >= 1
            assert await rotate(log, ctx, rotator) == 3
            await until(lambda: traffic.saved > 100 and traffic.read > 1000)
            traffic.stop.set()
        generations = await rotator.generations(ctx.tenant)
        assert [(g.generation, g.current) for g in generations] == [(1, True), (2, True), (3, True)]
        assert [g.subjects for g in generations[:2]] == [0, 0]
        async with Database(cell(database_url), size=2) as database:
            alone = Keyring(database, NEW)
            assert len(await texts(Reader(database, alone), ctx.tenant)) >= traffic.saved
            checkpoints = Checkpoints(database, alone)
            await checkpoints.make(ctx.tenant)
            report = await verify(ctx.tenant, database=database, keyring=alone, checkpoints=checkpoints)
            assert report.findings == []
            assert report.events == report.signed > traffic.saved
        told = [
            (recorded.event.what, recorded.event.generation)
            async for recorded in log.store.events(ctx.tenant, topics=["tenant.keys_rotated"])
            if isinstance(recorded.event, Tenant.KeysRotated)
        ]
        assert told == [("tenant", 2), ("master", 2), ("tenant", 3)]


async def test_a_missing_master_key_is_named(database_url: str) -> None:
    async with log_on(database_url, BOTH) as log, rotator_on(database_url) as rotator:
        ctx = await shop(log)
        await rotate_master_key(ctx, store=log.store, keeper=rotator, clock=now)
    async with reader_on(database_url, MASTER) as reader:
        with pytest.raises(MasterKeyMissing) as missing:
            await texts(reader, ctx.tenant)
    for part in (
        f"tenant key 1 of tenant {ctx.tenant}",
        fingerprint(NEW).hex(),
        "put it back from its backup",
    ):
        assert part in str(missing.value)
    async with rotator_on(database_url, MASTER) as other:
        with pytest.raises(MasterKeyMissing):
            await other.rewrap_tenant(ctx.tenant)


async def test_a_key_whose_master_key_was_never_noted_opens_with_any_that_does(database_url: str) -> None:
    async with log_on(database_url) as log, rotator_on(database_url) as rotator:
        ctx = await shop(log)
        with psycopg.connect(database_url, autocommit=True) as superuser:
            superuser.execute("UPDATE retrace.tenant_keys SET master = NULL WHERE tenant = %s", [ctx.tenant])
        async with reader_on(database_url, BOTH) as reader:
            assert await texts(reader, ctx.tenant) == []
        [generation] = await rotator.generations(ctx.tenant)
        assert (generation.master, generation.current) == (fingerprint(MASTER).hex(), False)
        async with rotator_on(database_url, NEW) as other:
            [generation] = await other.generations(ctx.tenant)
            assert generation.master is None
            with pytest.raises(MasterKeyMissing, match="a master key that is not among those given"):
                await other.rewrap_tenant(ctx.tenant)
        assert await rotator.rewrap_tenant(ctx.tenant) == 1
        assert await rotator.rewrap_tenant(ctx.tenant) == 0


def test_a_changed_key_is_no_missing_one() -> None:
    masters, tenant = Masters(BOTH), uuid4()
    wrapped = bytearray(masters.wrap(b"k" * 32, tenant, 1))
    wrapped[20] ^= 1
    with pytest.raises(Tampered):
        masters.open(bytes(wrapped), masters.current, tenant, 1)
    with pytest.raises(ValueError, match="32 bytes"):
        Masters(b"short")


async def test_a_rotation_that_was_killed_is_gone_on_with(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "AT_ONCE", 10)
    async with log_on(database_url, BOTH) as log, rotator_on(database_url) as rotator:
        ctx = await shop(log)
        ids = await fill(log, ctx, 60)
        task: asyncio.Task[object]

        def kill(done: int) -> None:
            if done >= 20:
                task.cancel()

        task = asyncio.create_task(
            rotate_tenant_key(ctx, store=log.store, keeper=rotator, clock=now, progress=kill)
        )
        with pytest.raises(asyncio.CancelledError):
            await task
        assert 0 < await rotator.outdated(ctx.tenant) <= 42
        async with reader_on(database_url, NEXT) as reader:
            with pytest.raises(MasterKeyMissing):  # generation 2 is under the new one: nothing is half read
                async with reader_on(database_url, MASTER) as old:
                    await texts(old, ctx.tenant)
            assert len(await texts(reader, ctx.tenant)) == len(ids)
        done = await rotate_tenant_key(ctx, store=log.store, keeper=rotator, clock=now)
        assert (done.generation, done.resumed) == (2, True)
        assert await rotator.outdated(ctx.tenant) == 0
        done = await rotate_tenant_key(ctx, store=log.store, keeper=rotator, clock=now)
        assert (done.generation, done.resumed) == (3, False)


async def test_a_rotation_that_was_killed_before_its_key_was_made_is_gone_on_with(database_url: str) -> None:
    async with log_on(database_url, BOTH) as log, rotator_on(database_url) as rotator:
        ctx = await shop(log)

        def decide(tenant: Tenant | None) -> Tenant:
            assert tenant is not None
            tenant.rotate_key_of_tenant(2, rotator.master, now())
            return tenant

        await log.store.change(Tenant, ctx.tenant, decide, context=ctx)
        done = await rotate_tenant_key(ctx, store=log.store, keeper=rotator, clock=now)
        assert (done.generation, done.resumed) == (2, True)


async def test_two_rotations_at_once_and_an_erasure_leave_every_key_that_is_there_readable(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "AT_ONCE", 10)
    async with (
        log_on(database_url, BOTH) as log,
        rotator_on(database_url) as one,
        rotator_on(database_url) as two,
        Database(cell(database_url), role="retrace_eraser", size=1) as erasing,
    ):
        ctx = await shop(log)
        ids = await fill(log, ctx, 100)
        eraser = SubjectEraser(erasing, log.keyring)

        async def erase() -> None:
            for id in ids[:20]:
                await eraser.erase(ctx.tenant, id)

        await asyncio.gather(rotate(log, ctx, one), rotate(log, ctx, two), erase())
        assert await one.outdated(ctx.tenant) == 0
        async with reader_on(database_url, NEW + MASTER) as reader:
            events = [recorded async for recorded in reader.pages(ctx.tenant)]
        gone = {recorded.stream for recorded in events if recorded.event is None}
        assert gone == set(ids[:20])


@pytest.mark.parametrize(
    "role", ["retrace_app", "retrace_projector", "retrace_runner", "retrace_writer", "retrace_eraser"]
)
@pytest.mark.parametrize("table", ["tenant_keys", "subject_keys"])
def test_only_the_keeper_may_replace_keys(database_url: str, role: Role, table: str) -> None:
    with (
        session(database_url, role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"UPDATE {table} SET wrapped = ''".encode())


@pytest.mark.parametrize(
    "statement",
    ["SELECT payload FROM events", "DELETE FROM subject_keys", "UPDATE subject_keys SET subject = tenant"],
)
def test_the_keeper_may_do_nothing_else(database_url: str, statement: str) -> None:
    with (
        session(database_url, "retrace_keeper") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())
