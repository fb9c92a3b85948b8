"""What was sent to a forgotten customer is forgotten with them: also while it is being sent, or told of."""

from __future__ import annotations

import asyncio
from uuid import UUID

import psycopg
import pytest

from application.base.erase import Erase, erase
from application.ports import DELIVER_WORK
from application.privacy.forget import ForgetCustomer, forget_customer
from domain.audit.invariants import Invariants
from domain.base.errors import Erased
from domain.channels.delivery import Delivery, delivery_of
from infra.audit.verify import verify
from tests.application.channels.conftest import ADA, Messenger
from tests.application.retrieval.remains import rows_with


async def forget(messenger: Messenger, *, carried_out: bool = True) -> None:
    shop = messenger.shop
    said = await forget_customer(
        ForgetCustomer(channel="whatsapp", address=ADA),
        shop.context,
        store=shop.parts.store,
        keyring=shop.parts.keyring,
        clock=shop.parts.clock,
    )
    for subject in said.conversations if carried_out else ():
        await destroy(messenger, subject)


async def destroy(messenger: Messenger, subject: UUID) -> None:
    parts = messenger.shop.parts
    await erase(Erase(subject=subject), messenger.shop.context, eraser=parts.eraser, cache=parts.cache)


async def clean(messenger: Messenger) -> None:
    """The log verifies, and all invariants hold."""
    parts, tenant = messenger.shop.parts, messenger.shop.context.tenant
    report = await verify(
        tenant, database=parts.database, keyring=parts.keyring, checkpoints=parts.checkpoints, closely=True
    )
    assert report.findings == []
    prove = Invariants()
    prove.fold([each async for each in messenger.store.events(tenant)])
    assert prove.violations == []


async def test_nothing_names_the_messages_any_more_and_what_holds_no_person_stays(
    messenger: Messenger,
) -> None:
    id = await messenger.told("One.", "Two.")
    await messenger.deliver(id)
    for message in messenger.twilio.messages.values():
        await messenger.twilio.tell(message, "delivered")
    assert 0 not in messenger.positions
    names = list(messenger.twilio.messages)
    await messenger.store._snapshots.save(await messenger.delivery(id), messenger.shop.context.tenant)  # type: ignore[attr-defined]  # of the real store
    await forget(messenger)
    left = {r.topic.partition(".")[2] for r in await messenger.events(id) if r.event is not None}
    assert left == {"begun", "taken_in", "attempted", "accepted", "status_told", "forgotten"}
    assert {r.topic for r in await messenger.events(id) if r.event is None} == {"delivery.identified"}
    with pytest.raises(Erased):
        await messenger.delivery(id)
    with psycopg.connect(str(messenger.shop.parts.settings.database_url)) as superuser:
        for stream in (id, delivery_of(id)):
            query = "SELECT count(*) FROM retrace.snapshots WHERE stream = %s"
            assert superuser.execute(query, [stream]).fetchone() == (0,)
    assert [rows_with(messenger.shop, name) for name in names] == [[], []]
    await clean(messenger)


async def test_after_it_nothing_goes_out_and_a_status_is_nobodys(messenger: Messenger) -> None:
    id = await messenger.told("One.")
    await messenger.deliver(id)
    (message,) = messenger.twilio.messages.values()
    await messenger.hears()
    await messenger.says(id, "Two.")
    await forget(messenger, carried_out=False)
    assert (DELIVER_WORK, id.hex) not in await messenger.shop.owed()
    for _ in range(2):
        assert await messenger.deliver(id) is None
        await messenger.twilio.tell(message, "read")
        await destroy(messenger, id)
    assert len(messenger.twilio.messages) == 1
    assert messenger.positions == [0, 0]
    await clean(messenger)


@pytest.mark.parametrize("before", [0, 1])
async def test_whoever_is_just_sending_loses_the_race_and_leaves_nothing(
    messenger: Messenger, before: int
) -> None:
    id = await messenger.told("One.")
    if before:
        await messenger.deliver(id)
    await messenger.hears()
    await messenger.says(id, "Two.")
    messenger.twilio.statuses, messenger.twilio.early = ("sent",), True
    take, forgotten = messenger.twilio.post, asyncio.Event()

    async def forgets(url: str, form: dict[str, str], fields: dict[str, str]) -> int:
        """While Twilio is being called."""
        if not forgotten.is_set():
            forgotten.set()
            await forget(messenger)
        return await take(url, form, fields)

    messenger.twilio.post = forgets
    assert await messenger.deliver(id) is None
    assert forgotten.is_set()
    topics = [recorded.topic for recorded in await messenger.events(id)]
    assert topics[-1] == Delivery.Forgotten.TOPIC
    await clean(messenger)


async def test_what_was_never_sent_to_who_wrote_over_http_at_last_is_not_sent_after_it(
    messenger: Messenger,
) -> None:
    id = await messenger.told("One.")
    await messenger.hears(sender=None)
    await forget(messenger, carried_out=False)
    assert await messenger.deliver(id) is None
    assert (messenger.twilio.messages, await messenger.events(id)) == ({}, [])
    await destroy(messenger, id)
    await clean(messenger)


async def test_a_sender_that_has_read_and_not_begun_does_not_begin_after_it(messenger: Messenger) -> None:
    """Between its look at the conversation and its first event."""
    id = await messenger.told("One.")
    at = messenger.shop.parts.clock()
    begun = Delivery.begin(id, at)
    await forget(messenger)
    with pytest.raises(Exception, match="changed this first|erased"):
        await messenger.store.save(begun, context=messenger.shop.context)
    assert await messenger.deliver(id) is None
    assert messenger.twilio.messages == {}
    await clean(messenger)
