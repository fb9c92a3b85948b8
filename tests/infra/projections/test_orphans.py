"""Copies of read models that nobody keeps up hold no rows of whoever was erased since."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.conversations.conversation import Conversation
from infra.crypto.erasing import SubjectEraser
from infra.postgres.database import Database
from infra.projections.orphans import Orphans
from infra.projections.places import SCHEMAS, Place
from infra.projections.read_models import create_read_models, drop
from infra.projections.rebuild import rebuild, workshop
from infra.projections.switching import switch
from projections.base import Projection
from projections.transcript import Transcript
from tests.cells import cell
from tests.infra.log.parts import MASTER, Log, context, log_on, now
from tests.infra.projections.parts import projecting, talk

TRANSCRIPT = Transcript()


class Later(Transcript):
    """As after an upgrade."""

    version: ClassVar[int] = Transcript.version + 1


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log
    with psycopg.connect(database_url, autocommit=True) as superuser:
        reset = "UPDATE retrace.builds SET version = %s WHERE projection = 'transcript'"
        superuser.execute(reset, [Transcript.version])
    for place in ("next", "old"):
        await drop(cell(database_url), "transcript", place)  # type: ignore[arg-type]  # mypy takes them for str


@asynccontextmanager
async def looking(
    log: Log, projections: Sequence[Projection], *, still: float = 0.0
) -> AsyncIterator[Orphans]:
    async with Database(cell(log.url), role="retrace_runner", size=1) as system:
        yield Orphans(projections, cell=cell(log.url), system=system, still=still)


async def forget(log: Log, tenant: UUID, conversation: Conversation) -> None:
    known = await log.store.load(Conversation, conversation.id, tenant=tenant)
    known.forget(now())
    await log.store.save(known, context=context(tenant))
    async with Database(cell(log.url), role="retrace_eraser", size=1) as database:
        await SubjectEraser(database, log.keyring).erase(tenant, conversation.id)


def conversations(log: Log, place: Place, tenant: UUID) -> set[UUID]:
    with psycopg.connect(log.url) as superuser:
        query = f"SELECT conversation FROM {SCHEMAS[place]}.conversations WHERE tenant = %s"
        return {row[0] for row in superuser.execute(query.encode(), [tenant]).fetchall()}


async def caught_up(log: Log, projection: Projection) -> None:
    async with projecting(log, (projection,)) as live:
        await live.catch_up()


async def upgraded(log: Log) -> None:
    """The new version is built and put in place; the former one is kept."""
    async with await psycopg.AsyncConnection.connect(log.url, autocommit=True) as superuser:
        await create_read_models(superuser, (Later(),))
    async with workshop(cell(log.url), MASTER, Later()) as shop:
        await rebuild(shop)
        await switch(shop)


class LaterSealed(Later):
    sealed_since: ClassVar[int] = Later.version


async def test_a_former_version_that_held_texts_in_clear_is_not_kept(log: Log) -> None:
    tenant = uuid4()
    theirs = await talk(log, tenant, 1)
    await caught_up(log, TRANSCRIPT)
    async with await psycopg.AsyncConnection.connect(log.url, autocommit=True) as superuser:
        await create_read_models(superuser, (LaterSealed(),))
    async with workshop(cell(log.url), MASTER, LaterSealed()) as shop:
        await rebuild(shop)
        await switch(shop)
        assert await shop.build("old") is None
    assert conversations(log, "live", tenant) == {theirs.id}
    with psycopg.connect(log.url) as superuser:
        assert superuser.execute("SELECT to_regclass('retrace_old.conversations')").fetchone() == (None,)


async def test_what_an_earlier_release_has_kept_of_texts_in_clear_is_dropped(log: Log) -> None:
    tenant = uuid4()
    theirs = await talk(log, tenant, 1)
    await caught_up(log, TRANSCRIPT)
    await upgraded(log)
    assert conversations(log, "old", tenant) == {theirs.id}
    async with looking(log, (LaterSealed(),)) as abandoned:
        assert await abandoned.look() == 1
        assert await abandoned.look() == 0
    with psycopg.connect(log.url) as superuser:
        assert superuser.execute("SELECT to_regclass('retrace_old.conversations')").fetchone() == (None,)
    assert conversations(log, "live", tenant) == {theirs.id}


async def test_the_former_version_keeps_no_row_of_who_was_forgotten_after_the_switch(log: Log) -> None:
    tenant, quiet = uuid4(), uuid4()
    theirs, others = await talk(log, tenant, 2), await talk(log, tenant, 1)
    elsewhere = await talk(log, quiet, 1)
    await caught_up(log, TRANSCRIPT)
    await upgraded(log)
    await forget(log, tenant, theirs)
    await caught_up(log, Later())
    assert conversations(log, "live", tenant) == {others.id}
    assert conversations(log, "old", tenant) == {theirs.id, others.id}
    async with looking(log, (Later(),)) as abandoned:
        assert await abandoned.look() == 1
        assert conversations(log, "old", tenant) == set()
        assert conversations(log, "old", quiet) == {elsewhere.id}
        assert conversations(log, "live", tenant) == {others.id}
        assert await abandoned.look() == 0
    # The program of that version builds what is missing again, and may go back.
    async with workshop(cell(log.url), MASTER, TRANSCRIPT) as shop:
        await shop.projectors["old"].catch_up()
        assert conversations(log, "old", tenant) == {others.id}
        await switch(shop, back=True)
    assert conversations(log, "live", tenant) == {others.id}


async def test_a_copy_that_ends_at_a_position_is_built_again_without_them_and_only_once(log: Log) -> None:
    tenant = uuid4()
    theirs, others = await talk(log, tenant, 1), await talk(log, tenant, 1)
    await caught_up(log, TRANSCRIPT)
    async with workshop(cell(log.url), MASTER, TRANSCRIPT) as shop, looking(log, (TRANSCRIPT,)) as abandoned:
        await rebuild(shop, tenant=tenant, until=12)
        assert await abandoned.look() == 0
        await forget(log, tenant, theirs)
        assert conversations(log, "next", tenant) == {theirs.id, others.id}
        assert await abandoned.look() == 1
        await shop.projectors["next"].catch_up([tenant])
        assert conversations(log, "next", tenant) == {others.id}
        assert await abandoned.look() == 0
        await forget(log, tenant, others)
        assert await abandoned.look() == 1


async def test_what_somebody_keeps_up_is_left_to_them(log: Log) -> None:
    tenant = uuid4()
    theirs = await talk(log, tenant, 1)
    await caught_up(log, TRANSCRIPT)
    await upgraded(log)
    async with looking(log, (Later(),), still=60.0) as patient, looking(log, (TRANSCRIPT,)) as own:
        await forget(log, tenant, theirs)
        assert await patient.look() == 0, "its cursor may be about to move"
        assert await own.look() == 0, "a program of its version keeps it up"
        assert conversations(log, "old", tenant) == {theirs.id}


async def test_nothing_is_emptied_without_an_erasure(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 1)
    await caught_up(log, TRANSCRIPT)
    await upgraded(log)
    await talk(log, tenant, 1)
    async with looking(log, (Later(),)) as abandoned:
        looks: list[Any] = [await abandoned.look() for _ in range(2)]
    assert looks == [0, 0]
