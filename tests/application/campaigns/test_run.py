"""A campaign goes to each of its customers once, at the sender's rate, behind answers, and to nobody who wants none."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.base.amend import amend
from application.base.tasks import cancel_and_wait
from application.campaigns import run
from application.campaigns.campaign import ChangeCampaign, cancel_campaign, pause_campaign, resume_campaign
from application.channels.deliver import Deliver, deliver
from application.ports import DELIVER_WORK, Due, Saved
from domain.audit.invariants import Invariants
from domain.channels import next_step, window
from domain.channels.delivery import Delivery
from domain.conversations.conversation import Conversation
from infra.postgres.work_places import DatabaseWorkPlaces
from tests.application.campaigns.conftest import Marketer, address
from tests.doubles.twilio import SENDER

BUTTONS = {"text": "Boots!", "buttons": [{"title": "More"}, {"title": "No news", "action": "opt_out"}]}


async def hold(marketer: Marketer) -> None:
    """All invariants, over every prefix."""
    store, tenant = marketer.messenger.store, marketer.messenger.shop.context.tenant
    invariants = Invariants()
    invariants.fold([recorded async for recorded in store.events(tenant)])
    assert invariants.violations == []


async def opt(marketer: Marketer, customer: Any, consent: Any = "out") -> None:
    at = marketer.messenger.shop.parts.clock()
    await amend(
        Conversation,
        customer,
        lambda known: known.opt(consent, "STOP", at),
        context=marketer.messenger.shop.context,
        store=marketer.messenger.store,
    )


async def say(marketer: Marketer, customer: UUID, text: str) -> None:
    """As a text of ours is, which owes its delivery."""
    at = marketer.messenger.shop.parts.clock()
    await amend(
        Conversation,
        customer,
        lambda known: known.say(text, "test", at),
        context=marketer.messenger.shop.context,
        store=marketer.messenger.store,
        work=[Due(kind=DELIVER_WORK, key=customer.hex, due_at=at)],
    )


async def test_each_customer_gets_it_once_and_who_wants_none_gets_none(marketer: Marketer) -> None:
    customers = [await marketer.customer(number) for number in range(6)]
    await opt(marketer, customers[1])
    campaign = await marketer.begin(BUTTONS)
    assert await marketer.run(campaign) is None
    assert [marketer.got(number) for number in range(6)] == [["Boots!"], [], *[["Boots!"]] * 4]
    (content,) = marketer.messenger.twilio.contents.values()
    assert "twilio/quick-reply" in content["types"]
    assert (await marketer.now(campaign)).state.status == "finished"
    assert await marketer.omitted(campaign) == {customers[1]: "opted_out"}
    assert not [row for row in await marketer.messenger.shop.owed() if row[0] == DELIVER_WORK]
    again = await marketer.run(campaign)
    assert (again, marketer.got(0)) == (None, ["Boots!"])
    # The agent knows what the customer comes back to.
    tenant = marketer.messenger.shop.context.tenant
    known = await marketer.messenger.store.load(Conversation, customers[0], tenant=tenant)
    assert [turn.text for turn in known.state.history if turn.role == "assistant"] == [
        "Boots!\n\n1. More\n2. No news"
    ]
    await hold(marketer)
    later = await marketer.begin({"text": "Shoes!"})
    await opt(marketer, customers[1], "in")
    await marketer.run(later)
    assert marketer.got(1) == ["Shoes!"]


async def test_who_has_opted_out_at_twilio_is_known_to_have_for_all_later_ones(marketer: Marketer) -> None:
    customers = [await marketer.customer(number) for number in range(2)]
    twilio = marketer.messenger.twilio
    twilio.script = lambda form: "21610" if form["To"] == address(0) else "fails:21610"
    await marketer.run(await marketer.begin({"text": "Boots!"}))
    await twilio.told()
    twilio.script = lambda form: "ok"
    later = await marketer.begin({"text": "Shoes!"})
    await marketer.run(later)
    assert await marketer.omitted(later) == dict.fromkeys(customers, "opted_out")
    assert marketer.got(0) == []
    await hold(marketer)


@pytest.mark.parametrize("known", [True, False])
async def test_who_opts_out_while_it_runs_gets_none(
    marketer: Marketer, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """Just before they would be told with the attempt on record; and told already, and not sent yet."""
    customer = await marketer.customer(0)
    campaign = await marketer.begin({"text": "Boots!"})
    real = marketer.messenger.store.save
    opted = False

    async def nobody(*_: Any) -> dict[UUID, Any]:
        return {}

    async def save(*aggregates: Any, **more: Any) -> Any:
        nonlocal opted
        if known and len(aggregates) == 2 and not opted:
            opted = True
            await opt(marketer, customer)
        saved = await real(*aggregates, **more)
        told = [each for each in aggregates if isinstance(each, Delivery)]
        if told and told[0].state.messages and told[0].state.messages[1].status == "attempted" and not opted:
            opted = True
            await opt(marketer, customer)
        return saved

    if not known:
        monkeypatch.setattr(run, "seen", nobody)
    monkeypatch.setattr(marketer.messenger.store, "save", save)
    await marketer.run(campaign)
    assert (opted, marketer.got(0)) == (True, [])
    if known:
        assert await marketer.omitted(campaign) == {customer: "opted_out"}
    else:
        sending = await marketer.messenger.sending(customer)
        assert (sending.status, sending.code) == ("failed", "opted_out")
    await hold(marketer)


async def test_a_text_that_waits_goes_out_before_it(marketer: Marketer) -> None:
    """By whoever has the work, once the campaign has told them."""
    customer = await marketer.customer(0)
    await say(marketer, customer, "At nine.")
    await marketer.run(await marketer.begin({"text": "Boots!"}))
    assert marketer.got(0) == []
    await marketer.messenger.deliver(customer)
    assert marketer.got(0) == ["At nine.", "Boots!"]


async def test_what_is_said_while_it_goes_out_is_not_lost_with_the_end_of_the_work(
    marketer: Marketer,
) -> None:
    customer, messenger = await marketer.customer(0), marketer.messenger
    row, real = (DELIVER_WORK, customer.hex), messenger.channel.send

    async def send(*given: Any) -> Any:
        sent = await real(*given)
        await say(marketer, customer, "At five.")
        return sent

    await marketer.run(await marketer.begin({"text": "Boots!"}))
    assert row not in await messenger.shop.owed()
    messenger.channel.send = send  # type: ignore[method-assign]
    await marketer.run(await marketer.begin({"text": "Shoes!"}))
    messenger.channel.send = real  # type: ignore[method-assign]
    async with marketer.ports.turns.take(messenger.shop.context.tenant, *row, within=1.0) as turn:
        assert turn is not None, "it is free at once"
        await messenger.deliver(customer)
    assert marketer.got(0) == ["Boots!", "Shoes!", "At five."]
    await hold(marketer)


async def test_an_early_status_and_an_unheard_commit_change_nothing(
    marketer: Marketer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A status that comes before the answer; and a save of which nobody heard that it was made."""
    customers = [await marketer.customer(number) for number in range(2)]
    twilio, store = marketer.messenger.twilio, marketer.messenger.store
    twilio.statuses, twilio.early = ("delivered",), True
    real = store.save

    async def unheard(*aggregates: Any, **more: Any) -> Any:
        saved = await real(*aggregates, **more)
        return Saved(position=saved.position - 2, duplicate=True) if len(aggregates) == 2 else saved

    await marketer.run(await marketer.begin({"text": "Boots!"}))
    twilio.statuses = ()
    monkeypatch.setattr(store, "save", unheard)
    await marketer.run(await marketer.begin({"text": "Shoes!"}))
    assert [marketer.got(number) for number in range(2)] == [["Boots!", "Shoes!"]] * 2
    assert not [row for row in await marketer.messenger.shop.owed() if row[0] == DELIVER_WORK]
    states = [(await marketer.messenger.sending(each)).status for each in customers]
    assert states == ["delivered"] * 2
    await hold(marketer)


async def test_it_pauses_goes_on_and_is_cancelled_at_once(
    marketer: Marketer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await marketer.messenger.set(messages_per_second=10)
    for number in range(12):
        await marketer.customer(number)
    campaign = await marketer.begin({"text": "Boots!"})
    context, twilio = marketer.messenger.shop.context, marketer.messenger.twilio
    running = asyncio.create_task(marketer.run(campaign))
    while len(twilio.messages) < 3:
        await asyncio.sleep(0.01)
    command = ChangeCampaign(campaign=campaign.id)
    await pause_campaign(command, context, marketer.ports)
    assert await running is None
    sent = len(twilio.messages)
    assert sent < 12
    assert await marketer.run(campaign) is None
    assert len(twilio.messages) == sent
    await resume_campaign(command, context, marketer.ports)
    running = asyncio.create_task(marketer.run(campaign))
    while len(twilio.messages) < sent + 1:
        await asyncio.sleep(0.01)
    await cancel_campaign(command, context, marketer.ports)
    await running
    assert len(twilio.messages) < 12
    assert max(len(marketer.got(number)) for number in range(12)) == 1
    assert (await marketer.now(campaign)).state.status == "cancelled"
    await hold(marketer)


async def test_killed_anywhere_and_resumed_each_gets_it_once(
    marketer: Marketer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TOLD", 3)
    await marketer.messenger.set(unknown_fate="resend")
    count = 30
    for number in range(count):
        await marketer.customer(number)
    campaign = await marketer.begin({"text": "Boots!"})
    twilio = marketer.messenger.twilio
    for after in (1, 7, 15, 22):
        running = asyncio.create_task(marketer.run(campaign))
        while len(twilio.messages) < after and not running.done():
            await asyncio.sleep(0)
        await cancel_and_wait(running)
    while (await marketer.run(campaign)) is not None:
        pass
    # What was told and not sent is owed to a worker; what was attempted by whoever was killed is looked for first.
    for name in ("CALLING", "HELD", "SETTLED"):
        monkeypatch.setattr(next_step, name, timedelta())
    for kind, key in await marketer.messenger.shop.owed():
        if kind == DELIVER_WORK:
            await marketer.messenger.deliver(UUID(key))
    assert [len(marketer.got(number)) for number in range(count)] == [1] * count
    await hold(marketer)


async def test_the_senders_rate_is_kept_and_answers_go_first(marketer: Marketer) -> None:
    await marketer.messenger.set(messages_per_second=25)
    for number in range(50):
        await marketer.customer(number)
    campaign = await marketer.begin({"text": "Boots!"})
    began = time.monotonic()
    running = asyncio.create_task(marketer.run(campaign))
    overtaken = []
    for number in range(5):
        await asyncio.sleep(0.2)
        told = await marketer.messenger.told("Answer.", address=f"whatsapp:+4915559{number:06d}")
        before = len(marketer.messenger.twilio.messages)
        await deliver(Deliver(conversation=told), marketer.messenger.shop.context, marketer.ports)
        overtaken.append(len(marketer.messenger.twilio.messages) - before - 1)
    await running
    took = time.monotonic() - began
    assert 54 / 25 - 0.1 < took < 54 / 25 + 30, "but for the first tenth of a second's"
    # One turn of the rate takes 40 ms; behind a campaign of 50 an answer would come last.
    assert sorted(overtaken)[2] < 15, overtaken


async def test_who_is_outside_the_window_gets_a_template_or_is_left_out(
    marketer: Marketer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await marketer.customer(0)
    monkeypatch.setattr(window, "WINDOW", window.MARGIN)
    campaign = await marketer.begin({"text": "Boots!"})
    await marketer.run(campaign)
    assert await marketer.omitted(campaign) == {customer: "outside_window"}
    twilio = marketer.messenger.twilio
    twilio.contents["HX" + "a" * 32] = {"types": {"twilio/text": {"body": "Hi {{1}}!"}}, "approved": True}
    template = {"name": "news", "body": "Hi {{1}}!", "variables": {"1": "you"}}
    await marketer.run(await marketer.begin({"template": template}))
    assert marketer.got(0) == ["Hi you!"]
    (sent,) = twilio.to(address(0))
    assert (sent.form["ContentVariables"], "Body" in sent.form) == ('{"1":"you"}', False)
    await hold(marketer)


async def test_a_file_goes_before_what_stands_below_it(marketer: Marketer) -> None:
    await marketer.customer(0)
    pdf = {"url": "https://shop.example.com/a.pdf", "media_type": "application/pdf"}
    await marketer.run(await marketer.begin({"text": "Our list.", "file": pdf}))
    sent = marketer.messenger.twilio.to(address(0))
    assert [message.form.get("MediaUrl", message.body) for message in sent] == [pdf["url"], "Our list."]


async def test_what_twilio_does_not_tell_of_is_asked_for_and_not_sent_twice(marketer: Marketer) -> None:
    await marketer.customer(0)
    twilio = marketer.messenger.twilio
    twilio.script = lambda form: "lost"
    campaign = await marketer.begin({"text": "Boots!"})
    await marketer.run(campaign)
    assert len(marketer.got(0)) == 1
    assert (await marketer.now(campaign)).state.status == "finished"
    assert marketer.messenger.counted.outcomes == ["unknown", "settled"]


async def test_nothing_goes_out_where_its_form_can_not_be_made_for_the_time_being(marketer: Marketer) -> None:
    await marketer.customer(0)
    marketer.messenger.twilio.content_fate = "503"
    campaign = await marketer.begin(BUTTONS)
    assert await marketer.run(campaign) is not None
    assert (await marketer.now(campaign)).state.status == "scheduled"
    marketer.messenger.twilio.content_fate = "ok"
    assert await marketer.run(campaign) is None
    assert marketer.got(0) == ["Boots!"]


async def test_a_campaign_goes_out_by_the_address_that_each_customer_wrote_to(marketer: Marketer) -> None:
    other = "whatsapp:+15550100200"
    await marketer.messenger.set(senders=(SENDER, other))
    marketer.messenger.twilio.senders.add(other)
    id = await marketer.messenger.hears(address=address(7), sender=other)
    marketer.listed.ids.append(id)
    await marketer.customer(0)
    await marketer.run(await marketer.begin({"text": "Boots!"}))
    assert [sent.form["From"] for sent in marketer.messenger.twilio.messages.values()].count(other) == 1
    campaign = await marketer.begin({"text": "Shoes!"}, sender=SENDER)
    await marketer.run(campaign)
    assert await marketer.omitted(campaign) == {id: "other_sender"}


@pytest.mark.parametrize("others", [True, False])
async def test_a_place_is_given_back_only_where_others_wait_for_it(
    marketer: Marketer, monkeypatch: pytest.MonkeyPatch, others: bool
) -> None:
    async def waited_for(places: DatabaseWorkPlaces, kind: str) -> bool:
        return others

    monkeypatch.setattr(run, "TURN", timedelta(seconds=0.05))
    monkeypatch.setattr(DatabaseWorkPlaces, "waited_for", waited_for)
    await marketer.messenger.set(messages_per_second=20)
    for number in range(10):
        await marketer.customer(number)
    again = await marketer.run(await marketer.begin({"text": "Boots!"}))
    got = sum(len(marketer.got(number)) for number in range(10))
    assert (again is not None, got < 10) == (others, others)


async def test_a_customer_takes_few_round_trips(marketer: Marketer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads one by one are what a campaign's pace goes into: what can be looked at for many at once is."""
    for number in range(20):
        await marketer.customer(number)
    await marketer.run(await marketer.begin({"text": "Shoes!"}))  # whatever is looked at once is known
    campaign, database = await marketer.begin({"text": "Boots!"}), marketer.messenger.shop.parts.database
    real, reads = database.read_all, 0

    async def counted(*given: Any) -> Any:
        nonlocal reads
        reads += 1
        return await real(*given)

    monkeypatch.setattr(database, "read_all", counted)
    await marketer.run(campaign)
    assert [len(marketer.got(number)) for number in range(20)] == [2] * 20
    assert reads <= 15, "a few for all of them"
