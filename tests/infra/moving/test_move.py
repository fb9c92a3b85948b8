"""A tenant moves to another deployment while it is used: nothing is lost, nothing changed, and one place has it."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import psycopg
import pytest

from application.base.tasks import cancel_and_wait
from application.ports import Unavailable
from application.privacy.forget import ForgetCustomer, forget_customer
from application.tenancy.authentication import authenticate
from application.tenancy.newcomers import Newcomers
from domain.base.aggregate import NIL
from domain.base.errors import Invalid, Moved, NotFound, Refused
from domain.conversations.conversation import Conversation
from infra.moving import fence, tables
from infra.moving import move as moving
from infra.moving.alone import alone
from infra.moving.copying import Copier
from infra.moving.move import abandon, move
from infra.moving.side import Side
from tests.application.conftest import Shop
from tests.application.retrieval.uploads import found
from tests.infra.moving.places import Place, contents, log_of, proved
from tests.infra.moving.shops import at, shop_at


async def written(shop: Shop, said: set[str], begun: asyncio.Event) -> None:
    """Messages one after the other, each again while the place can't take it, until it says that the tenant is elsewhere."""
    while True:
        name = f"c{len(said)}"
        try:
            await shop.receive("And on Sundays?", address=name, message=name)
        except Unavailable:
            await asyncio.sleep(0.01)
            continue
        except Moved:
            return
        said.add(name)
        begun.set()


async def test_a_move_that_is_cut_off_once_it_is_open_there_removes_what_is_left_when_it_goes_on(
    here: Place, there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = await shop_at(here)
    tenant = shop.context.tenant
    await shop.receive("Are you open?")

    async def cut(side: Side, tenant: UUID, *, whole: bool) -> None:
        if not whole:
            raise psycopg.OperationalError("the server has gone")

    async with here.side() as source, there.side() as target:
        with monkeypatch.context() as patch:
            patch.setattr(moving, "sweep", cut)
            with pytest.raises(psycopg.OperationalError):
                await move(tenant, source, target)
        left = "SELECT count(*) FROM retrace.events WHERE tenant = %s AND topic LIKE 'conversation%%'"
        assert (await source.one(left, [tenant]))[0] > 0
        done = await move(tenant, source, target)
        assert (done.paused, (await source.one(left, [tenant]))[0]) == (None, 0)
        with pytest.raises(Refused, match="has moved to https://new.example"):
            await move(tenant, source, target)
    await proved(there, tenant)


async def test_a_tenant_moves_while_it_is_used_and_all_agrees(here: Place, there: Place) -> None:
    shop, key = await shop_at(here)
    tenant = shop.context.tenant
    await here.projector.catch_up()
    signed = await here.parts.checkpoints.make(tenant)
    before, kept = await log_of(here, tenant), await contents(here, tenant)
    assert kept
    said, begun = set[str](), asyncio.Event()

    async def follow() -> None:
        while True:
            await there.projector.catch_up(aside=True)
            await asyncio.sleep(0.02)

    writer, follower = asyncio.create_task(written(shop, said, begun)), asyncio.create_task(follow())
    try:
        await begun.wait()
        async with here.side() as source, there.side() as target:
            moved = await move(tenant, source, target)
        await writer
    finally:
        await cancel_and_wait(follower, writer)
    assert moved.paused is not None
    assert moved.paused < 30  # what it takes is measured where nobody else is at work (docs/moving.md)
    assert await proved(there, tenant) == moved.events
    assert await contents(there, tenant) == kept
    after = await log_of(there, tenant)
    assert after[: len(before)] == before
    messages = [each.event.message for each in after if isinstance(each.event, Conversation.MessageReceived)]
    assert said <= set(messages)
    assert len(messages) == len(set(messages)) == 2 + len(said)
    assert signed in await there.parts.checkpoints.all(tenant)
    moved_shop = at(there, shop)
    assert await found(moved_shop) == ["The shop is open from nine to five."]
    assert {kind for kind, _ in await moved_shop.owed()} >= {"answer", "analyst_logins"}
    twice = await moved_shop.receive("When are you open?", address="anna", inbox="m-anna")
    assert twice.duplicate
    await moved_shop.answer(
        next(each.stream for each in reversed(after) if each.topic.startswith("conversation"))
    )
    assert await shop.owed() == set()
    here.parts.keyring.forget_tenant(tenant)  # within a second by itself
    with pytest.raises(Moved, match="https://new.example"):
        await authenticate(key, None, store=here.parts.store, clock=here.parts.clock, newcomers=Newcomers())
    with pytest.raises(Moved):
        await here.parts.directory.has(tenant)
    assert tenant not in await here.parts.directory.tenants(after=NIL, limit=1000)
    await here.projector.catch_up()
    assert not (here.parts.settings.data / "files" / str(tenant)).exists()
    async with here.side() as source, there.side() as target:
        with pytest.raises(Refused, match="has moved to https://new.example"):
            await move(tenant, source, target)
        back = await move(tenant, target, source)
    assert await contents(here, tenant) == kept
    assert await contents(there, tenant) == {}
    assert await proved(here, tenant) == back.events
    assert await found(shop) == ["The shop is open from nine to five."]


class Killed(BaseException):
    """As by kill -9: nothing is tidied up."""


STEPS = ("close", "hand_over", "take_over")
"""More of them, and at any moment: tests/soak/test_moves.py."""


@pytest.mark.parametrize("step", STEPS)
async def test_a_move_that_is_killed_leaves_one_owner_and_is_gone_on_with(
    here: Place, there: Place, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = await shop_at(here)
    tenant = shop.context.tenant

    async def killed(*_: object, **__: object) -> None:
        raise Killed

    async def nothing(*_: object, **__: object) -> None:
        pass

    with monkeypatch.context() as patch:
        if step == "close":
            patch.setattr(fence, "LEASE", 0.3)
        if step == "close":  # right behind it
            patch.setattr(moving, "_last", killed)
        else:
            patch.setattr(fence, step, killed)
        patch.setattr(fence, "open_again", nothing)
        async with here.side() as source, there.side() as target:
            with pytest.raises(Killed):
                await move(tenant, source, target)
    handed_over = step == "take_over"
    if step == "hand_over":  # as the lease's end would
        async with here.side() as source:
            await source.connection.execute(
                "UPDATE retrace.heads SET closed_until = '-infinity' WHERE tenant = %s", [tenant]
            )
    for _ in range(1000):
        try:
            await shop.receive("Still there?", address="still")
            owner = "here"
            break
        except Unavailable:
            await asyncio.sleep(0.05)
        except Moved:
            owner = "there"
            break
    assert owner == ("there" if handed_over else "here")
    with pytest.raises(Unavailable):
        await at(there, shop).receive("Here already?", address="early")
    async with here.side() as source, there.side() as target:
        moved = await move(tenant, source, target)
    assert (moved.paused is None) == handed_over
    assert await proved(there, tenant) > 0
    await at(there, shop).receive("Here already?", address="early")


async def test_who_is_forgotten_on_the_way_is_forgotten_there(
    here: Place, there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = await shop_at(here)
    tenant = shop.context.tenant
    got = await shop.receive("Forget me", address="gone")
    parts, who = here.parts, ForgetCustomer(channel="http", address="gone")
    await forget_customer(who, shop.context, store=parts.store, keyring=parts.keyring, clock=parts.clock)
    last = moving._last

    async def forgotten_meanwhile(copier: Copier, tell: object) -> None:
        await parts.eraser.erase(tenant, got.conversation)  # what was carried has the text still
        await last(copier, moving.nobody)

    monkeypatch.setattr(moving, "_last", forgotten_meanwhile)
    async with here.side() as source, there.side() as target:
        await move(tenant, source, target)
    payload = "SELECT count(payload), count(*) FROM retrace.events WHERE tenant = %s AND stream = %s AND topic = 'conversation.message_received'"
    with psycopg.connect(str(there.parts.settings.database_url)) as superuser:
        assert superuser.execute(payload, [tenant, got.conversation]).fetchone() == (0, 1)
        keys = "SELECT FROM retrace.subject_keys WHERE tenant = %s AND subject = %s"
        assert superuser.execute(keys, [tenant, got.conversation]).fetchone() is None
    await proved(there, tenant)


async def test_what_cannot_be_moved_is_told_with_the_way_out(here: Place, there: Place) -> None:
    shop, _ = await shop_at(here)
    tenant = shop.context.tenant
    async with here.side() as source, there.side() as target:
        with pytest.raises(NotFound, match="no tenant"):
            await move(uuid4(), source, target)
        with pytest.raises(NotFound, match="not being moved"):
            await abandon(tenant, source, target)
        insert = "INSERT INTO retrace.heads (tenant, seq) VALUES (%s, 1)"
        await target.connection.execute(insert, [tenant])
        with pytest.raises(Refused, match="has a tenant"):
            await move(tenant, source, target)
        await target.connection.execute("DELETE FROM retrace.heads WHERE tenant = %s", [tenant])
        await target.connection.execute(
            "INSERT INTO public.retrace_migrations (name, digest) VALUES ('999_later.sql', 'x')"
        )
        try:
            with pytest.raises(Invalid, match="different schemas .*999_later.sql"):
                await move(tenant, source, target)
        finally:
            await target.connection.execute(
                "DELETE FROM public.retrace_migrations WHERE name = '999_later.sql'"
            )
        await fence.leave(source, tenant, moved := uuid4(), "x")
        await fence.expect(target, tenant, moved, "y")
        await abandon(tenant, source, target)
        assert not await fence.is_there(target, tenant)
        kept = await contents(here, tenant)
        await fence._note(target, tenant, uuid4(), "moved", "the old place")  # it was there once
        target.files = source.files  # as both are given the same afterwards
        for way in (move, abandon):
            with pytest.raises(Refused, match="both have their files at"):
                await way(tenant, source, target)
        assert await contents(here, tenant) == kept
    await shop.receive("Still there?", address="still")


async def test_every_table_of_a_tenants_is_carried_or_left(here: Place) -> None:
    query = (
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'retrace'::regnamespace AND c.relkind = 'r' AND EXISTS "
        "(SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant') "
        "AND c.relname NOT IN (SELECT unnest(tables) FROM retrace.builds)"
    )
    with psycopg.connect(str(here.parts.settings.database_url)) as superuser:
        there = [row[0] for row in superuser.execute(query).fetchall()]
    named = [*tables.KEYS, *tables.CARRIED, tables.WORK, *tables.OF_THEIR_OWN, *tables.LEFT]
    assert sorted(named) == sorted(there), "say in infra/moving/tables.py what becomes of it in a move"


async def test_what_is_done_is_not_told_as_failed_where_the_connection_goes_at_the_end(here: Place) -> None:
    async with here.side() as side:
        async with alone(side, uuid4()):
            pid = (await side.one("SELECT pg_backend_pid()"))[0]
            with psycopg.connect(str(here.parts.settings.database_url)) as superuser:
                superuser.execute("SELECT pg_terminate_backend(%s::int, 5000)", [pid])
        assert side.connection.closed
