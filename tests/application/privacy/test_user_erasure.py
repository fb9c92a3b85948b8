"""A forgotten user of the completions API leaves nothing that can be read, anywhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from application.chat.chat import chat
from application.chat.end_user import ERASE_USER_WORK
from application.chat.record import Chat, ChatGiven
from application.conversations.conversation import ReceiveMessage, receive_message
from application.ports import IdempotencyKey, Kept
from application.privacy.forget import EraseUser, ForgetCustomer, Forgotten, erase_user, forget_customer
from domain.audit.invariants import Invariants
from domain.base.errors import Erased, NotFound
from domain.chat.call import Call
from domain.chat.end_user import User
from domain.models.completion import Completion, CompletionRequest, Turn
from infra.embedded import Servers
from infra.providers.incoming import unheard
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from tests.application.conftest import MASTER, Played, Shop
from tests.application.privacy.traces import CANARY, read_models, talk
from tests.application.retrieval.remains import rows_with


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(
    servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Services]:
    settings = Settings(
        database_url=Secret(database_url),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=Path(tmp_path_factory.mktemp("data")),
        master_key=Secret(MASTER),
    )
    async with services(settings, pool=8) as parts:
        yield parts


@dataclass
class Telling(Played):
    """Says again what it was asked."""

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        return msgspec.structs.replace(await super().complete(request, sent), text=f"You said {CANARY}.")


@pytest.fixture(autouse=True)
def _telling(shop: Shop) -> None:
    shop.provider = Telling()


async def call(
    shop: Shop, user: str | None = "app-user-7", text: str = CANARY, model: str = "local/m"
) -> ChatGiven:
    return await chat(
        Chat(id=shop.parts.ids(), model=model, messages=(Turn(role="user", text=text),), user=user),
        shop.context,
        shop.ports,
    )


async def said(shop: Shop, user: str = "app-user-7") -> Forgotten:
    return await forget_customer(
        ForgetCustomer(channel="api", address=user),
        shop.context,
        store=shop.parts.store,
        keyring=shop.parts.keyring,
        clock=shop.parts.clock,
    )


async def carried_out(shop: Shop, user: UUID) -> int:
    """What the work does."""
    return await erase_user(
        EraseUser(user=user),
        shop.context,
        store=shop.parts.store,
        eraser=shop.parts.eraser,
        cache=shop.parts.cache,
        clock=shop.parts.clock,
    )


async def forget(shop: Shop, user: str = "app-user-7") -> Forgotten:
    forgotten = await said(shop, user)
    for id in forgotten.users:
        await carried_out(shop, id)
    return forgotten


async def left_of(shop: Shop, id: UUID) -> list[type]:
    return [type(recorded.event) for recorded in await shop.events(id) if recorded.event is not None]


async def test_all_calls_of_a_forgotten_user_go_and_those_of_others_stay(shop: Shop) -> None:
    theirs = [await call(shop), await call(shop, model="agent")]
    others = [await call(shop, "app-user-8"), await call(shop, None)]
    (user,) = (await forget(shop)).users
    for given in theirs:
        assert await left_of(shop, given.call) == [Call.Metered, Call.Forgotten]
        with pytest.raises(Erased):
            await shop.parts.store.load(Call, given.call, tenant=shop.context.tenant)
    for given in others:
        assert await left_of(shop, given.call) == [Call.Requested, Call.Metered, Call.Answered]
    assert await left_of(shop, user) == [User.Forgotten]


async def test_no_table_and_no_cache_holds_what_was_sealed_for_them(shop: Shop, servers: Servers) -> None:
    tenant, url = shop.context.tenant, servers.redis_url
    key = IdempotencyKey(tenant, "key:first", "k")
    await shop.parts.idempotency.begin(key, b"f")
    await shop.parts.idempotency.finish(key, Kept(200, [], CANARY.encode()))
    first = await call(shop)
    await call(shop, model="agent")
    assert (await call(shop, "app-user-8")).metered.attempts[-1].cached == bool(url)
    known = await shop.parts.store.load(Call, first.call, tenant=tenant)
    await shop.parts.store._snapshots.save(known, tenant)
    (user,) = (await forget(shop)).users
    await read_models(shop)
    assert rows_with(shop, CANARY) == []
    assert rows_with(shop, f"\\x01{user.bytes.hex()}") == []
    with psycopg.connect(str(shop.parts.settings.database_url)) as superuser:
        for query in (
            "SELECT count(*) FROM retrace.subject_keys WHERE tenant = %s AND subject = %s",
            "SELECT count(*) FROM retrace.snapshots WHERE tenant = %s AND stream = %s",
        ):
            for id in (user, first.call):
                assert superuser.execute(query, [tenant, id]).fetchone() == (0,)
    if url:
        async with Redis.from_url(url) as redis:
            async for key in redis.scan_iter(f"*{tenant.hex}*"):
                assert CANARY.encode() not in (await redis.get(key) or b"")
    asked = len(shop.provider.asked)
    assert not (await call(shop, "app-user-8")).metered.attempts[-1].cached
    assert len(shop.provider.asked) == asked + 1, "the caches have begun anew"


async def test_the_log_verifies_holds_its_invariants_and_keeps_its_sums(shop: Shop) -> None:
    for model in ("auto", "agent", "local/m"):
        await call(shop, text=f"{CANARY} {model}", model=model)
    await talk(shop, "hello", "bert")
    await shop.parts.checkpoints.make(shop.context.tenant)
    before = await read_models(shop)
    await forget(shop)
    after = await read_models(shop)
    assert (after["costs"], after["costs_latency"]) == (before["costs"], before["costs_latency"])
    assert len(after["authorship"]) < len(before["authorship"])
    assert await read_models(shop, anew=True) == after
    assert (await shop.parts.verify(shop.context.tenant)).findings == []
    invariants = Invariants()
    invariants.fold([recorded async for recorded in shop.parts.store.events(shop.context.tenant)])
    assert invariants.violations == []


async def test_a_user_who_comes_back_begins_anew(shop: Shop) -> None:
    await call(shop)
    (first,) = (await forget(shop)).users
    again = await call(shop)
    assert len(await left_of(shop, again.call)) == 3
    assert (await forget(shop)).users[0] == first
    assert await left_of(shop, again.call) == [Call.Metered, Call.Forgotten]
    assert len((await forget(shop)).users) == 2
    assert len(await left_of(shop, (await call(shop)).call)) == 3


async def test_calls_that_race_with_the_erasure_are_forgotten_or_begin_anew(shop: Shop) -> None:
    await call(shop)
    results = await asyncio.gather(*(call(shop, text=f"q{n}") for n in range(8)), forget(shop))
    calls: list[ChatGiven] = list(results[:-1])  # type: ignore[arg-type]  # all but the last
    (user,) = (await said(shop)).users[:1]
    forgotten_at = (await shop.events(user))[0].position
    for given in calls:
        left = await left_of(shop, given.call)
        assert left == [Call.Metered, Call.Forgotten] or len(left) == 3
        if given.position > forgotten_at:
            assert len(left) == 3
    assert await carried_out(shop, user) == 0, "nothing is left"


async def test_what_another_process_still_has_the_key_of_is_not_written_under_it(shop: Shop) -> None:
    await call(shop)
    (user,) = (await said(shop)).users
    key = shop.parts.keyring.cached(shop.context.tenant, user)
    assert key is not None
    await carried_out(shop, user)
    shop.parts.keyring.remember(shop.context.tenant, user, key)
    await call(shop)
    assert rows_with(shop, f"\\x01{user.bytes.hex()}") == []


async def test_saying_it_owes_the_erasure_and_saying_it_again_changes_nothing(shop: Shop) -> None:
    given = await call(shop)
    forgotten = await said(shop)
    assert await shop.owed() == {(ERASE_USER_WORK, forgotten.users[0].hex)}
    assert forgotten.position > given.position
    assert ((await said(shop)).users, (await said(shop)).position) == (forgotten.users, 0)
    with pytest.raises(NotFound, match="check channel"):
        await said(shop, "nobody")


async def test_many_calls_are_forgotten_at_once_also_after_a_crash(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.chat.end_user.AT_ONCE", 3)
    calls = [await call(shop, text=f"q{n}") for n in range(8)]
    (user,) = (await said(shop)).users
    save, saved = shop.parts.store.save, 0

    async def failing(*given: object, **more: object) -> object:
        nonlocal saved
        saved += 1
        if saved == 2:
            raise RuntimeError("killed")
        return await save(*given, **more)  # type: ignore[arg-type]  # passed on as they are

    with monkeypatch.context() as patched:
        patched.setattr(shop.parts.store, "save", failing)
        with pytest.raises(RuntimeError):
            await carried_out(shop, user)
    started = time.monotonic()
    await carried_out(shop, user)
    assert time.monotonic() - started < 50
    for given in calls:
        assert await left_of(shop, given.call) == [Call.Metered, Call.Forgotten]


async def test_conversations_of_the_channel_api_go_with_the_calls(shop: Shop) -> None:
    command = ReceiveMessage(channel="api", address="app-user-7", text=CANARY)
    received = await receive_message(command, shop.context, shop.parts)
    assert (await said(shop)).conversations == (received.conversation,)
    given = await call(shop)
    forgotten = await forget(shop)
    assert (len(forgotten.users), forgotten.conversations) == (1, (received.conversation,))
    assert await left_of(shop, given.call) == [Call.Metered, Call.Forgotten]
