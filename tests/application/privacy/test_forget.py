from __future__ import annotations

import asyncio
import dataclasses
from uuid import UUID

import psycopg
import pytest

from application.base.erase import ERASE_WORK, Erase, erase
from application.conversations.closing import CloseConversation, close_conversation
from application.conversations.summarise import Summarise, summarise
from application.ports import CACHE_KINDS, CacheKind
from application.privacy.forget import ForgetCustomer, Forgotten, forget_customer
from application.shop.forgetting import FORGET_PURCHASES_WORK
from domain.base.errors import Conflict, Erased, NotFound
from domain.conversations.conversation import Conversation
from infra.redis.cache import RedisCache
from tests.application.conftest import Shop
from tests.application.privacy.traces import CANARY, read_models, talk


async def forget(shop: Shop, address: str = "anna") -> Forgotten:
    """Said and carried out."""
    said = await forget_customer(
        ForgetCustomer(channel="http", address=address),
        shop.context,
        store=shop.parts.store,
        keyring=shop.parts.keyring,
        clock=shop.parts.clock,
    )
    for subject in said.conversations:
        await destroy(shop, subject)
    return said


async def destroy(shop: Shop, subject: UUID) -> int:
    """What the work does."""
    return await erase(Erase(subject=subject), shop.context, eraser=shop.parts.eraser, cache=shop.parts.cache)


async def test_what_a_forgotten_customer_said_can_not_be_read_and_others_can(shop: Shop) -> None:
    theirs, others = await talk(shop, CANARY), await talk(shop, "hello", "bert")
    said = await forget(shop)
    assert said.conversations == (theirs,)
    events = await shop.events(theirs)
    left = {type(recorded.event) for recorded in events if recorded.event is not None}
    assert left == {Conversation.Metered, Conversation.Forgotten}
    with pytest.raises(Erased):
        await shop.parts.store.load(Conversation, theirs, tenant=shop.context.tenant)
    assert all(recorded.event is not None for recorded in await shop.events(others))


async def test_no_table_holds_the_key_a_payload_or_a_snapshot_of_them(shop: Shop) -> None:
    theirs = await talk(shop, CANARY)
    known = await shop.parts.store.load(Conversation, theirs, tenant=shop.context.tenant)
    await shop.parts.store._snapshots.save(known, shop.context.tenant)
    await forget(shop)
    with psycopg.connect(str(shop.parts.settings.database_url)) as superuser:
        query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'retrace'::regnamespace"
        for (table,) in superuser.execute(query).fetchall():
            sealed = f"SELECT count(*) FROM retrace.{table} t WHERE position(%s in t::text) > 0"
            text = f"\\x01{theirs.bytes.hex()}"  # what everything begins with that was sealed for them
            assert superuser.execute(sealed.encode(), [text]).fetchone() == (0,), table
        keys = "SELECT count(*) FROM retrace.subject_keys WHERE subject = %s"
        assert superuser.execute(keys, [theirs]).fetchone() == (0,)
        snapshots = "SELECT count(*) FROM retrace.snapshots WHERE stream = %s"
        assert superuser.execute(snapshots, [theirs]).fetchone() == (0,)


async def test_figures_stay_and_a_rebuild_equals_the_live_model(shop: Shop) -> None:
    for text in (CANARY, "more"):
        await talk(shop, text)
    await talk(shop, "hello", "bert")
    before = await read_models(shop)
    await forget(shop)
    after = await read_models(shop)
    assert (after["costs"], after["costs_latency"]) == (before["costs"], before["costs_latency"])
    assert (len(before["conversations"]), len(after["conversations"])) == (2, 1)
    assert (len(before["interactions"]), len(after["interactions"])) == (3, 1)
    assert await read_models(shop, anew=True) == after


async def test_a_customer_who_comes_back_begins_anew(shop: Shop) -> None:
    first = await talk(shop, CANARY)
    await forget(shop)
    second = await talk(shop, "it's me again")
    assert second != first
    assert CANARY not in str(shop.provider.asked[-1].prompt)
    assert (await forget(shop)).conversations == (first, second)
    assert await talk(shop, "and again") not in (first, second)


async def test_a_customer_who_comes_back_may_use_the_ids_of_before(shop: Shop) -> None:
    first = await shop.receive(CANARY, "1")
    await forget(shop)
    second = await shop.receive("it's me again", "1")
    assert (second.duplicate, second.conversation != first.conversation) == (False, True)
    assert (await shop.receive("it's me again", "1")).position == second.position


async def test_a_request_that_comes_again_after_the_erasure_is_told_so_and_shows_nobody_elses_message(
    shop: Shop,
) -> None:
    await talk(shop, "hello")
    await shop.receive(CANARY, inbox="idempotency:1")
    await shop.receive("I am another customer", address="bert")
    await shop.receive("so am I", address="cleo")
    await forget(shop)
    with pytest.raises(Conflict, match="erased since"):
        await shop.receive(CANARY, inbox="idempotency:1")


async def test_a_message_that_races_with_the_erasure_is_in_the_old_or_the_new_conversation(
    shop: Shop,
) -> None:
    first = await talk(shop, "hello")
    results = await asyncio.gather(forget(shop), *(shop.receive(f"m{n}") for n in range(12)))
    received = results[1:]
    everywhere = {result.conversation for result in received}  # type: ignore[union-attr]  # the first, of another type, is left out
    for conversation in everywhere - {first}:
        state = (await shop.parts.store.load(Conversation, conversation, tenant=shop.context.tenant)).state
        assert state.burst is not None
    assert all(
        recorded.event is None or isinstance(recorded.event, Conversation.Metered | Conversation.Forgotten)
        for recorded in await shop.events(first)
    )
    assert isinstance((await shop.events(first))[-1].event, Conversation.Forgotten)


async def test_nothing_is_owed_to_the_forgotten_but_their_erasure(shop: Shop) -> None:
    received = await shop.receive(CANARY)
    command = ForgetCustomer(channel="http", address="anna")
    await forget_customer(
        command,
        shop.context,
        store=shop.parts.store,
        keyring=shop.parts.keyring,
        clock=shop.parts.clock,
    )
    kinds = (ERASE_WORK, FORGET_PURCHASES_WORK)
    assert await shop.owed() == {(kind, received.conversation.hex) for kind in kinds}
    assert await shop.answer(received.conversation) is None
    await destroy(shop, received.conversation)
    close = CloseConversation(conversation=received.conversation)
    with pytest.raises(Erased):
        await close_conversation(close, shop.context, store=shop.parts.store, clock=shop.parts.clock)


async def test_erasing_again_changes_nothing(shop: Shop) -> None:
    theirs = await talk(shop, CANARY)
    await forget(shop)
    again = await forget(shop)
    assert (again.conversations, again.position) == ((theirs,), 0)
    assert await destroy(shop, theirs) == 0


class Emptied(RedisCache):
    """Notes what is dropped."""

    def __init__(self) -> None:
        self.dropped: set[tuple[UUID | None, CacheKind, str]] = set()

    async def forget(self, tenant: UUID | None, kind: CacheKind, group: str = "") -> None:
        self.dropped.add((tenant, kind, group))


async def test_the_tenants_caches_begin_anew(shop: Shop) -> None:
    cache = Emptied()
    shop.parts = dataclasses.replace(shop.parts, cache=cache)
    await talk(shop, CANARY)
    await forget(shop)
    assert cache.dropped == {(shop.context.tenant, kind, "") for kind in CACHE_KINDS}


async def test_no_summary_is_owed_or_made_of_a_forgotten_customer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.conversations.summaries.HISTORY", 2)
    theirs = await talk(shop, CANARY)
    assert "summarise" in owed(shop, theirs)
    command = ForgetCustomer(channel="http", address="anna")
    parts, asked = shop.parts, len(shop.provider.asked)
    await forget_customer(command, shop.context, store=parts.store, keyring=parts.keyring, clock=parts.clock)
    assert owed(shop, theirs) == ["erase", "forget_purchases"]
    assert not await summarise(Summarise(conversation=theirs), shop.context, shop.ports)
    await destroy(shop, theirs)
    assert not await summarise(Summarise(conversation=theirs), shop.context, shop.ports)
    assert len(shop.provider.asked) == asked


def owed(shop: Shop, key: UUID) -> list[str]:
    """Kinds of its work."""
    with psycopg.connect(str(shop.parts.settings.database_url)) as superuser:
        query = "SELECT kind FROM retrace.work WHERE key = %s ORDER BY kind"
        return [kind for (kind,) in superuser.execute(query, [key.hex])]


async def test_who_never_wrote_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound, match="check channel"):
        await forget(shop, "nobody")
