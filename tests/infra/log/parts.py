"""A log on the real database, put together for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg

from domain.base.context import Context
from domain.conversations.conversation import Conversation
from infra.crypto.keyring import Keyring
from infra.log.appender import Appender
from infra.log.nodes import appender_of
from infra.log.reader import Reader
from infra.log.snapshots import Snapshots
from infra.log.store import LogStore
from infra.postgres.database import Database
from infra.redis.wakeups import Hints
from tests.cells import cell

MASTER = b"0123456789abcdef0123456789abcdef"


@dataclass
class Log:
    url: str
    database: Database
    keyring: Keyring
    appender: Appender
    reader: Reader
    snapshots: Snapshots
    store: LogStore
    hints: Hints


@asynccontextmanager
async def log_on(url: str, master: bytes = MASTER) -> AsyncIterator[Log]:
    ours = cell(url)
    async with Database(ours, size=4) as database, appender_of(ours) as appender:
        keyring = Keyring(database, master)
        reader, snapshots, hints = Reader(database, keyring), Snapshots(database, keyring), Hints()
        store = LogStore(appender, reader, snapshots, keyring, hints)
        yield Log(url, database, keyring, appender, reader, snapshots, store, hints)


def now() -> datetime:
    return datetime.now(UTC)


def context(tenant: UUID | None = None) -> Context:
    return Context(tenant=tenant or uuid4(), actor="key:test", correlation=uuid4())


def started(text: str = "hello", message: str = "m1") -> Conversation:
    conversation = Conversation.start(uuid4(), channel="http", address="anna", name=None, at=now())
    conversation.receive(message=message, text=text, interaction=uuid4(), at=now())
    return conversation


@asynccontextmanager
async def full_disk(url: str) -> AsyncIterator[None]:
    """The database answers every append as it does when its disk is full.

    Both statements wait for the table's readers, who may be on this loop: so they leave it free.
    """
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as superuser:
        await superuser.execute(
            "CREATE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$"
        )
        await superuser.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON retrace.events EXECUTE FUNCTION public.full_disk()"
        )
        try:
            yield
        finally:
            await superuser.execute("DROP FUNCTION public.full_disk CASCADE")
