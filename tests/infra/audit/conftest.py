"""A log with several streams, signed twice, and a way to verify it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg

from domain.conversations.conversation import Conversation
from infra.audit.checkpoints import Checkpoints
from infra.audit.verify import Report, verify
from tests.infra.audit.tampering import TAMPERINGS, Expected
from tests.infra.log.parts import Log, context, log_on, now


@dataclass
class Audited:
    log: Log
    checkpoints: Checkpoints
    tenant: UUID

    async def write(self, events: int, streams: int = 5) -> None:
        """So many messages, dealt out over so many new conversations."""
        made = [
            Conversation.start(uuid4(), channel="http", address="a", name=None, at=now())
            for _ in range(streams)
        ]
        for number in range(events):
            talk = made[number % streams]
            talk.receive(message=f"m{number}", text=f"text {number}", interaction=uuid4(), at=now())
            await self.log.store.save(talk, context=context(self.tenant))

    async def sign(self) -> int:
        signed = await self.checkpoints.make(self.tenant)
        return signed.size if signed else 0

    async def verify(self) -> Report:
        return await verify(
            self.tenant, database=self.log.database, keyring=self.log.keyring, checkpoints=self.checkpoints
        )


@asynccontextmanager
async def audited(url: str) -> AsyncIterator[Audited]:
    async with log_on(url) as log:
        yield Audited(log, Checkpoints(log.database, log.keyring), uuid4())


@asynccontextmanager
async def tampered(found: Audited, number: int, last: int, seed: int) -> AsyncIterator[Expected]:
    """Tampered with past the application, up to number `last`; undone at the end."""
    chance = random.Random(f"{seed} {number}")
    with psycopg.connect(found.log.url, autocommit=True) as db:
        for table in ("events", "heads"):
            db.execute(
                f"CREATE TABLE public.kept_{table} AS SELECT * FROM retrace.{table} WHERE tenant = '{found.tenant}'".encode()
            )
        try:
            yield TAMPERINGS[number % len(TAMPERINGS)](db, found.tenant, last, chance)
        finally:
            for table in ("events", "heads"):
                db.execute(f"DELETE FROM retrace.{table} WHERE tenant = '{found.tenant}'".encode())
                db.execute(f"INSERT INTO retrace.{table} SELECT * FROM public.kept_{table}".encode())
                db.execute(f"DROP TABLE public.kept_{table}".encode())


async def try_tampering(found: Audited, number: int, last: int, seed: int) -> tuple[Report, Expected]:
    """Tamper, verify, and undo it."""
    async with tampered(found, number, last, seed) as expected:
        return await found.verify(), expected
