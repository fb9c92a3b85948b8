"""What a customer is to get goes out once, in order, and its fate is known or settled."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from application.channels import deliver as sending_work
from application.channels.accounts import sender_of
from application.channels.channels import remove_twilio
from application.channels.typing import TypingIndicator
from application.channels.work import kinds
from application.conversations.owing import HANDOFF_WORK
from application.ports import DELIVER_WORK, OutgoingMessage
from domain.channels import next_step, statuses, window
from domain.channels.delivery import Delivery, delivery_of
from domain.channels.taking import take
from domain.conversations.conversation import Conversation
from domain.conversations.rich import Attachment, Choices, Option, QuickReplies
from infra.log.store import LogStore
from infra.redis.buckets import TokenBuckets
from infra.twilio import client
from infra.work.rows import Work
from tests.application.channels.conftest import ADA, APPROVED, Messenger
from tests.application.conftest import nothing
from tests.doubles.twilio import ACCOUNT, SENDER
from tests.until import until

BUTTONS = QuickReplies(body="Which one?", options=(Option(title="Red"), Option(title="Blue")))


@pytest.fixture(name="soon")
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes minutes is over at once."""
    for name in ("CALLING", "HELD", "SETTLED"):
        monkeypatch.setattr(next_step, name, timedelta())


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses before another try, of which the tests wait for one."""
    monkeypatch.setattr(statuses, "FIRST_PAUSE", timedelta(seconds=0.2))


def texts(messenger: Messenger, address: str = ADA) -> list[str]:
    return [message.body for message in messenger.twilio.to(address)]


async def test_answers_go_out_in_order_to_who_has_asked(messenger: Messenger) -> None:
    id = await messenger.told("One.", "Two.")
    await messenger.says(await messenger.hears(address="whatsapp:+15550199"), "Other.")
    assert await messenger.deliver(id) is None
    assert texts(messenger) == ["I am a machine.\n\nOne.", "Two."]
    assert texts(messenger, "whatsapp:+15550199") == []
    assert messenger.counted.outcomes == ["accepted", "accepted"]
    await messenger.says(await messenger.hears(), "Three.")
    await messenger.deliver(id)
    assert await messenger.deliver(id) is None
    assert texts(messenger)[2:] == ["Three."]


async def test_an_answer_owes_its_delivery_where_the_channel_delivers(messenger: Messenger) -> None:
    shop = messenger.shop
    id = await messenger.hears("When are you open?")
    assert await shop.answer(id) is not None
    assert (DELIVER_WORK, id.hex) in await shop.owed()
    fetched = await shop.receive("When?", address="bert")
    await shop.answer(fetched.conversation)
    assert (DELIVER_WORK, fetched.conversation.hex) not in await shop.owed()


async def work_on(messenger: Messenger, id: UUID) -> object:
    """As a worker does the row; what it says of its end."""
    whose = messenger.shop.context.tenant, DELIVER_WORK, id.hex
    _, item = await Work(messenger.shop.parts.system).lease(*whose, 30.0)
    assert item is not None
    return await kinds(messenger.ports)[DELIVER_WORK].handler(item)


async def test_what_came_of_the_last_message_is_saved_with_the_end_of_the_work(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await messenger.hears("When are you open?")
    assert await messenger.shop.answer(id) is not None
    saves, save = [], LogStore.save

    async def counted(self: LogStore, *given: Any, **more: Any) -> Any:
        saves.append(more.get("work"))
        return await save(self, *given, **more)

    monkeypatch.setattr(LogStore, "save", counted)
    assert await work_on(messenger, id) == "settled"
    assert len(saves) == 2, "one before the call, one after it"
    assert (DELIVER_WORK, id.hex) not in await messenger.shop.owed()
    assert (await messenger.sending(id)).status == "accepted"


async def test_what_is_said_while_the_last_message_goes_out_is_owed_still(messenger: Messenger) -> None:
    id = await messenger.hears("When are you open?")
    assert await messenger.shop.answer(id) is not None

    async def more(url: str, form: dict[str, str], fields: dict[str, str]) -> int:
        await messenger.hears("And on Sundays?")
        assert await messenger.shop.answer(id) is not None
        return 200

    messenger.twilio.post, messenger.twilio.statuses, messenger.twilio.early = more, ("sent",), True
    assert await work_on(messenger, id) == "settled"
    messenger.twilio.statuses = ()
    assert (DELIVER_WORK, id.hex) in await messenger.shop.owed()
    assert len(texts(messenger)) == 1
    assert await work_on(messenger, id) == "settled"
    assert (DELIVER_WORK, id.hex) not in await messenger.shop.owed()
    assert len(texts(messenger)) == 2


async def test_the_customer_sees_that_an_answer_is_being_made(messenger: Messenger) -> None:
    typing = TypingIndicator(store=messenger.store, channel=messenger.channel)
    messenger.shop.parts = dataclasses.replace(messenger.shop.parts, typing=typing)
    for fate, typed in (("ok", 1), ("500", 1)):
        messenger.twilio.typing_fate = fate
        id = await messenger.hears("When are you open?", message=f"SM{typed:032x}")
        expected = len(messenger.twilio.calls) + 1
        messenger.shop.provider.meanwhile = partial(typing_came, messenger, expected)
        assert await messenger.shop.answer(id) is not None
        assert len(messenger.twilio.typed) == typed
    before = len(messenger.twilio.calls)
    messenger.shop.provider.meanwhile = nothing
    received = await messenger.shop.receive("When?", address="bert")
    await messenger.shop.answer(received.conversation)
    await typing.close()
    assert len(messenger.twilio.calls) == before


async def typing_came(messenger: Messenger, calls: int) -> None:
    """While the model is asked."""
    await until(lambda: len(messenger.twilio.calls) >= calls)


async def test_an_answer_that_asks_to_choose_gets_buttons_and_the_choice_is_counted(
    messenger: Messenger,
) -> None:
    shop = messenger.shop
    shop.provider.text = "We have two. Which one do you want?\n- Red\n- Blue"
    id = await messenger.hears("Shoes?")
    assert await shop.answer(id) is not None
    fetched = await shop.receive("Shoes?", address="bert")
    await shop.answer(fetched.conversation)
    assert [answered.rich for answered in await shop.answers(fetched.conversation)] == [None]
    await messenger.deliver(id)
    assert texts(messenger)[-1] == "We have two. Which one do you want?"
    (content,) = messenger.twilio.contents.values()
    assert "twilio/quick-reply" in content["types"]
    assert [(await messenger.sending(id, n)).outgoing.form for n in (1, 2)] == ["text", "quick_replies"]


async def test_an_operators_reply_goes_out_too(messenger: Messenger) -> None:
    id = await messenger.told("One.")
    tenant = messenger.shop.context.tenant
    conversation = await messenger.store.load(Conversation, id, tenant=tenant)
    at = messenger.shop.parts.clock()
    conversation.say("A colleague takes over.", "handoff", at)
    conversation.claim("eve", at)
    conversation.reply("eve", "Hello, this is Eve.", at)
    conversation.reply("eve", None, at, rich=BUTTONS)
    await messenger.store.save(conversation, context=messenger.shop.context)
    await messenger.deliver(id)
    assert texts(messenger)[1:] == ["A colleague takes over.", "Hello, this is Eve.", "Which one?"]


async def test_a_disclosure_that_a_person_came_before_is_told_with_the_agents_next_answer(
    messenger: Messenger,
) -> None:
    id = await messenger.hears()
    tenant, at = messenger.shop.context.tenant, messenger.shop.parts.clock()
    conversation = await messenger.store.load(Conversation, id, tenant=tenant)
    conversation.disclose("I am a machine.", at)
    conversation.begin_answer(at, heard=False)
    conversation.claim("eve", at)
    conversation.reply("eve", "Hello, this is Eve.", at)
    conversation.release("eve", at)
    await messenger.store.save(conversation, context=messenger.shop.context)
    await messenger.deliver(id)
    assert (await messenger.delivery(id)).state.untold is not None
    await messenger.hears()
    await messenger.says(id, "At nine.")
    await messenger.deliver(id)
    await messenger.hears()
    await messenger.says(id, "At five.")
    await messenger.deliver(id)
    assert texts(messenger) == ["Hello, this is Eve.", "I am a machine.\n\nAt nine.", "At five."]


async def test_a_conversation_without_a_channel_owes_nothing(messenger: Messenger) -> None:
    id = await messenger.hears(sender=None)
    await messenger.says(id, "Over HTTP.")
    assert await messenger.deliver(id) is None
    assert messenger.twilio.messages == {}


async def test_the_attempt_is_on_record_when_the_channel_is_called(messenger: Messenger) -> None:
    id = await messenger.told("One.")
    seen: list[tuple[str, str | None]] = []
    ask, loop = messenger.twilio.script, asyncio.get_running_loop()

    async def look() -> None:
        events = [recorded.topic for recorded in await messenger.events(id)]
        seen.append((events[-1], str(len(events))))

    def script(form: dict[str, str]) -> str:
        tasks.append(loop.create_task(look()))
        return ask(form)

    tasks: list[asyncio.Task[None]] = []
    messenger.twilio.script = script
    messenger.twilio.statuses, messenger.twilio.early = ("sent",), True
    await messenger.deliver(id)
    await asyncio.gather(*tasks)
    assert [topic for topic, _ in seen] == ["delivery.attempted"]


async def test_a_status_comes_before_the_answer_twice_and_in_any_order(messenger: Messenger) -> None:
    messenger.twilio.statuses = ("sent", "delivered", "read")
    messenger.twilio.early = messenger.twilio.unordered = True
    id = await messenger.told("One.", "Two.", "Three.")
    await messenger.deliver(id)
    await messenger.twilio.told()
    assert {(await messenger.sending(id, number)).status for number in (1, 2, 3)} == {"read"}
    topics = [recorded.topic for recorded in await messenger.events(id)]
    assert (topics.count("delivery.accepted"), topics.count("delivery.status_told")) == (3, 9)
    assert len(messenger.twilio.messages) == 3


async def test_the_same_status_again_has_no_second_effect(messenger: Messenger) -> None:
    id = await messenger.told("One.")
    await messenger.deliver(id)
    (message,) = messenger.twilio.messages.values()
    await messenger.twilio.tell(message, "sent", "sent", "teleported", "teleported")
    assert messenger.positions[0] == messenger.positions[1] > 0
    words = [r.event.status for r in await messenger.events(id) if isinstance(r.event, Delivery.StatusTold)]
    assert words == ["sent", "teleported"]
    assert (await messenger.sending(id)).status == "sent"


async def test_a_status_of_nobodys_message_is_no_event(messenger: Messenger) -> None:
    id = await messenger.told("One.")
    for attempt in ("", "x.1.1", f"{id.hex}.1.1"):
        form = {"MessageSid": "SM1", "MessageStatus": "sent"}
        await messenger.take(f"https://retrace.example.com/?attempt={attempt or '-'}", form, {})
    assert messenger.positions == [0, 0, 0]


@pytest.mark.parametrize("fate", ["429", "503", "63018"])
async def test_a_refusal_for_the_time_being_is_tried_again(
    messenger: Messenger, fate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fates = iter([fate, "ok", "ok"])
    messenger.twilio.script = lambda form: next(fates)
    id = await messenger.told("One.", "Two.")
    began = messenger.shop.parts.clock()
    again_at = await messenger.deliver(id)
    assert again_at is not None
    assert again_at > began
    assert texts(messenger) == []  # nothing overtakes it
    sending = await messenger.sending(id)
    assert (sending.status, sending.passing) == ("queued", 1)
    await asyncio.sleep(max(0.0, (again_at - datetime.now(UTC)).total_seconds()))
    assert await messenger.deliver(id) is None
    assert texts(messenger) == ["I am a machine.\n\nOne.", "Two."]
    assert messenger.counted.outcomes == ["put_off", "accepted", "accepted"]


async def test_what_is_refused_for_hours_is_left_to_an_operator(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statuses, "TRYING", timedelta())
    fates = iter(["429", "ok"])
    messenger.twilio.script = lambda form: next(fates)
    id = await messenger.told("One.", "Two.")
    assert await messenger.deliver(id) is None
    sending = await messenger.sending(id)
    assert (sending.status, sending.code) == ("given_up", "20429")
    conversation = await messenger.store.load(Conversation, id, tenant=messenger.shop.context.tenant)
    assert conversation.state.handoff is not None
    assert conversation.state.handoff.category == "undelivered"
    assert messenger.counted.outcomes == ["put_off", "given_up", "accepted"]


async def test_the_channels_retry_after_is_kept(messenger: Messenger) -> None:
    messenger.twilio.script, messenger.twilio.retry_after = (lambda form: "429"), "120"
    id = await messenger.told("One.")
    again_at = await messenger.deliver(id)
    assert again_at is not None
    assert again_at - messenger.shop.parts.clock() > timedelta(seconds=60)


async def test_another_refusal_is_reported_with_the_channels_code_and_holds_nothing_up(
    messenger: Messenger,
) -> None:
    fates = iter(["63024", "ok"])
    messenger.twilio.script = lambda form: next(fates)
    id = await messenger.told("One.", "Two.")
    assert await messenger.deliver(id) is None
    sending = await messenger.sending(id)
    assert (sending.status, sending.code) == ("failed", "63024")
    assert texts(messenger) == ["Two."]


async def test_an_undelivered_message_is_reported_with_its_code(messenger: Messenger) -> None:
    messenger.twilio.script = lambda form: "fails:63024"
    id = await messenger.told("One.")
    await messenger.deliver(id)
    await messenger.twilio.told()
    sending = await messenger.sending(id)
    assert (sending.status, sending.code) == ("failed", "63024")


async def test_an_undelivered_message_that_may_come_later_is_owed_again(messenger: Messenger) -> None:
    fates = iter(["fails:63018", "ok"])
    messenger.twilio.script = lambda form: next(fates)
    id = await messenger.told("One.")
    await messenger.deliver(id)
    await messenger.twilio.told()
    assert (DELIVER_WORK, id.hex) in await messenger.shop.owed()
    again_at = await messenger.deliver(id)
    assert again_at is not None
    await asyncio.sleep(max(0.0, (again_at - datetime.now(UTC)).total_seconds()))
    await messenger.deliver(id)
    assert len(messenger.twilio.messages) == 2


@pytest.mark.parametrize("fate", ["lost", "unanswered"])
async def test_what_the_channel_has_is_told_by_a_callback_and_not_sent_again(
    messenger: Messenger, fate: str, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await messenger.set(unknown_fate="resend")
    monkeypatch.setattr(client, "PATIENCE", 1.0)
    messenger.twilio.script, messenger.twilio.lag = (lambda form: fate), 900.0
    monkeypatch.setattr(next_step, "SETTLED", timedelta(minutes=20))
    id = await messenger.told("One.")
    assert await messenger.deliver(id) is not None
    assert (await messenger.sending(id)).status == "unknown"
    (message,) = messenger.twilio.messages.values()
    await messenger.twilio.tell(message, "delivered")
    monkeypatch.setattr(next_step, "SETTLED", timedelta())
    assert await messenger.deliver(id) is None
    assert (await messenger.sending(id)).status == "delivered"
    assert len(messenger.twilio.messages) == 1


@pytest.mark.parametrize("rich", [None, BUTTONS])
async def test_what_the_channel_has_is_found_in_its_list(
    messenger: Messenger, rich: QuickReplies | None, soon: None
) -> None:
    await messenger.set(unknown_fate="resend")
    id = await messenger.told("Hello.")
    await messenger.deliver(id)
    messenger.twilio.script = lambda form: "lost"
    await messenger.hears()
    await messenger.says(id, "Which one?", rich)
    assert await messenger.deliver(id) is None
    assert messenger.counted.outcomes[-2:] == ["unknown", "settled"]
    assert len(messenger.twilio.messages) == 2
    sending = await messenger.sending(id, 2)
    assert (sending.status, sending.sids) == ("accepted", {1: list(messenger.twilio.messages)[-1]})


FILE = Attachment(url="https://shop.example.com/a.jpg", media_type="image/jpeg")


@pytest.mark.parametrize(("text", "rich"), [("Ok", None), ("", FILE)])
async def test_another_message_in_the_list_does_not_pass_for_it(
    messenger: Messenger, text: str, rich: Attachment | None, soon: None
) -> None:
    id = await messenger.told("Hello.")
    await messenger.deliver(id)
    sender = await sender_of(messenger.shop.context.tenant, SENDER, store=messenger.store)
    assert sender is not None
    by_hand = OutgoingMessage(to=ADA, words="Ok, look: your order has shipped.", attempt="x")
    await messenger.channel.send(by_hand, sender.account)
    messenger.twilio.script = lambda form: "cut"
    await messenger.hears()
    await messenger.says(id, text, rich)
    await messenger.deliver(id)
    assert (await messenger.sending(id, 2)).status == "given_up"


async def test_a_file_without_a_caption_is_found_in_the_list(messenger: Messenger, soon: None) -> None:
    id = await messenger.told("Hello.")
    await messenger.deliver(id)
    messenger.twilio.script = lambda form: "lost"
    await messenger.hears()
    await messenger.says(id, "", FILE)
    await messenger.deliver(id)
    sending = await messenger.sending(id, 2)
    assert (sending.status, sending.sids) == ("accepted", {1: list(messenger.twilio.messages)[-1]})


async def test_what_went_out_in_a_template_is_found_in_the_list_among_its_words(
    messenger: Messenger, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await messenger.set(outside_window="template", window_template="news")
    messenger.twilio.contents[APPROVED] = {
        "types": {"twilio/text": {"body": "News: {{1}} Ask."}},
        "approved": True,
    }
    id = await messenger.told("One.")
    monkeypatch.setattr(window, "WINDOW", timedelta(minutes=1))
    messenger.twilio.window = True
    messenger.twilio.script = lambda form: "lost"
    assert await messenger.deliver(id) is None
    assert messenger.counted.outcomes == ["unknown", "settled"]
    assert texts(messenger) == ["News: I am a machine. One. Ask."]


async def test_where_the_list_cannot_be_read_those_behind_go_on_and_the_wait_has_an_end(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fates = iter(["cut", "ok"])
    messenger.twilio.script, messenger.twilio.list_fate = (lambda form: next(fates)), "503"
    id = await messenger.told("One.", "Two.")
    until = await messenger.deliver(id)
    assert until is not None
    assert until - messenger.shop.parts.clock() <= timedelta(seconds=30), "the list is asked again"
    monkeypatch.setattr(next_step, "HELD", timedelta())
    assert await messenger.deliver(id) is not None
    assert texts(messenger) == ["Two."]
    monkeypatch.setattr(next_step, "SETTLED", timedelta())
    assert await messenger.deliver(id) is None
    assert (await messenger.sending(id)).status == "given_up"


async def test_what_nobody_can_tell_is_sent_again_where_it_is_set_so_and_said_so(
    messenger: Messenger, soon: None
) -> None:
    await messenger.set(unknown_fate="resend")
    fates = iter(["cut", "ok"])
    messenger.twilio.script = lambda form: next(fates)
    id = await messenger.told("One.")
    assert await messenger.deliver(id) is None
    again = [r.event.again for r in await messenger.events(id) if isinstance(r.event, Delivery.Attempted)]
    assert again == [False, True]
    assert len(messenger.twilio.messages) == 1


async def test_what_nobody_can_tell_is_left_to_an_operator_where_it_is_set_so(
    messenger: Messenger, soon: None
) -> None:
    messenger.twilio.script = lambda form: "cut"
    id = await messenger.told("One.")
    assert await messenger.deliver(id) is None
    sending = await messenger.sending(id)
    assert (sending.status, sending.code) == ("given_up", "unknown_fate")
    conversation = await messenger.store.load(Conversation, id, tenant=messenger.shop.context.tenant)
    assert conversation.state.handoff is not None
    assert conversation.state.handoff.category == "unknown_fate"
    assert (HANDOFF_WORK, id.hex) in await messenger.shop.owed(), "the agent has it again if nobody comes"
    assert len(messenger.twilio.calls) == 2  # the message, and the list


async def test_a_message_of_unknown_fate_holds_the_others_up_for_a_while_and_no_longer(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fates = iter(["cut", "ok"])
    messenger.twilio.script = lambda form: next(fates)
    id = await messenger.told("One.", "Two.")
    now = messenger.shop.parts.clock()
    until = await messenger.deliver(id)
    assert until is not None
    assert until > now
    assert texts(messenger) == []
    monkeypatch.setattr(next_step, "HELD", timedelta())
    assert await messenger.deliver(id) is not None
    assert texts(messenger) == ["Two."]
    assert (await messenger.sending(id)).status == "unknown"


async def test_an_attempt_without_an_outcome_is_not_sent_again_before_its_fate_is_settled(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a sender leaves it that was killed before, or after, its call."""
    id = await messenger.told("One.")
    delivery = Delivery.begin(id, messenger.shop.parts.clock())
    stream = messenger.store.stream(messenger.shop.context.tenant, id)
    events = [each.event async for each in stream if each.event is not None]
    delivery.take_in(take(events, 0, None), messenger.shop.parts.clock())
    delivery.attempt(1, messenger.shop.parts.clock())
    await messenger.store.save(delivery, context=messenger.shop.context)
    assert await messenger.deliver(id) is not None
    monkeypatch.setattr(next_step, "CALLING", timedelta())
    assert await messenger.deliver(id) is not None
    assert (await messenger.sending(id)).status == "unknown"
    assert texts(messenger) == []


async def test_two_senders_of_a_conversation_send_each_message_once(messenger: Messenger) -> None:
    id = await messenger.told("One.", "Two.", "Three.")
    await asyncio.gather(messenger.deliver(id), messenger.deliver(id), messenger.deliver(id))
    await messenger.deliver(id)
    assert sorted(texts(messenger)) == sorted(["I am a machine.\n\nOne.", "Two.", "Three."])


async def test_a_template_is_made_once_for_all_words_of_a_shape(messenger: Messenger) -> None:
    id = await messenger.told("Hello.")
    for body in ("One?", "Two?"):
        rich = QuickReplies(body=body, options=(Option(title=f"{body} a"), Option(title="b")))
        await messenger.hears()
        await messenger.says(id, body, rich)
    await messenger.deliver(id)
    assert texts(messenger)[1:] == ["One?", "Two?"]
    assert len(messenger.twilio.contents) == 1


async def test_a_template_that_is_gone_is_made_anew(messenger: Messenger) -> None:
    id = await messenger.hears()
    await messenger.says(id, "Which one?", BUTTONS)
    await messenger.deliver(id)
    messenger.twilio.contents.clear()
    await messenger.hears()
    await messenger.says(id, "Which one?", BUTTONS)
    again_at = await messenger.deliver(id)
    assert again_at is not None
    await asyncio.sleep(max(0.0, (again_at - datetime.now(UTC)).total_seconds()))
    await messenger.deliver(id)
    assert texts(messenger) == ["I am a machine.", "Which one?", "Which one?"]


@pytest.mark.parametrize("where", ["template", "message"])
async def test_where_a_form_is_not_taken_its_text_goes_out_in_its_place(
    messenger: Messenger, where: str
) -> None:
    id = await messenger.hears()
    await messenger.says(id, "Which one?", BUTTONS)
    await messenger.hears()
    await messenger.says(id, "Next.")
    if where == "template":
        messenger.twilio.content_fate = "63013"
    else:
        messenger.twilio.script = lambda form: "63013" if "ContentSid" in form else "ok"
    await messenger.deliver(id)
    assert texts(messenger) == ["I am a machine.", "Which one?\n\n1. Red\n2. Blue", "Next."]
    assert "replaced" in messenger.counted.outcomes


@pytest.mark.parametrize("code", ["63005", "63013", "63019", "63021"])
async def test_where_a_form_is_refused_later_its_text_goes_out_too(messenger: Messenger, code: str) -> None:
    messenger.twilio.script = lambda form: f"fails:{code}" if "ContentSid" in form else "ok"
    id = await messenger.hears()
    await messenger.says(id, "Which one?", BUTTONS)
    await messenger.deliver(id)
    await messenger.twilio.told()
    assert (DELIVER_WORK, id.hex) in await messenger.shop.owed()
    assert await messenger.deliver(id) is None
    assert texts(messenger) == ["I am a machine.", "Which one?", "Which one?\n\n1. Red\n2. Blue"]
    topics = [recorded.topic for recorded in await messenger.events(id)]
    assert topics.count("delivery.replaced") == 1


async def test_a_file_and_a_long_text(messenger: Messenger) -> None:
    id = await messenger.told("Sentence one is here. " * 100)
    await messenger.hears()
    await messenger.says(
        id,
        "The shoe",
        Attachment(url="https://shop.example.com/a.jpg", media_type="image/jpeg", caption="The shoe"),
    )
    await messenger.deliver(id)
    bodies = texts(messenger)
    assert len(bodies) == 3
    assert all(len(body) <= 1600 for body in bodies)


@pytest.fixture(name="late")
def _late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "WINDOW", timedelta(minutes=1))


async def test_outside_the_window_it_is_refused_and_reported(messenger: Messenger, late: None) -> None:
    id = await messenger.told("One.")
    await messenger.deliver(id)
    assert messenger.twilio.calls == []
    sending = await messenger.sending(id)
    assert (sending.status, sending.code) == ("failed", "outside_window")


async def test_outside_the_window_a_template_goes_out_where_it_is_set_so(
    messenger: Messenger, late: None
) -> None:
    await messenger.set(outside_window="template", window_template="news")
    messenger.twilio.contents[APPROVED] = {
        "types": {"twilio/text": {"body": "News: {{1}} Ask."}},
        "approved": True,
    }
    messenger.twilio.window = True
    id = await messenger.told("One.\nTwo. " * 150)
    await messenger.hears()
    await messenger.says(id, "Which one?", BUTTONS)
    await messenger.deliver(id)
    bodies = texts(messenger)
    assert bodies[0].startswith("News: I am a machine. One. Two.")
    assert bodies[-1] == "News: Which one? 1. Red 2. Blue Ask."
    assert all("\n" not in body and len(body) <= 1024 for body in bodies)
    assert sum(body.count("Two.") for body in bodies) == 150


async def test_an_address_that_is_no_accounts_any_more_is_reported(messenger: Messenger) -> None:
    id = await messenger.told("One.")
    other = "AC" + "f" * 32
    await messenger.set(account=other, senders=("whatsapp:+15550100777",))
    shop = messenger.shop
    removed = await remove_twilio(ACCOUNT, shop.context, store=messenger.store, clock=shop.parts.clock)
    await messenger.set(account="AC" + "e" * 32, senders=("whatsapp:+15550100888",))
    assert removed
    await messenger.deliver(id)
    assert (await messenger.sending(id)).code == "no_account"


async def test_a_sender_keeps_its_rate(messenger: Messenger) -> None:
    await messenger.set(messages_per_second=4)
    id = await messenger.told(*(f"m{number}" for number in range(8)))
    began = asyncio.get_running_loop().time()
    await messenger.deliver(id)
    # One each quarter of a second, from the first on.
    assert asyncio.get_running_loop().time() - began >= 1.7
    assert len(messenger.twilio.messages) == 8


async def test_a_senders_rate_is_its_tenants_alone(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gives another tenant's account in their settings does not slow that one down."""
    names, take_one = list[str](), TokenBuckets.take

    async def take_named(buckets: TokenBuckets, name: str, **more: float) -> float:
        names.append(name)
        return await take_one(buckets, name, **more)

    monkeypatch.setattr(TokenBuckets, "take", take_named)
    await messenger.deliver(await messenger.told("One."))
    assert names == [f"send:{messenger.shop.context.tenant}:{ACCOUNT}:{SENDER}"]


async def test_a_turn_that_is_far_off_is_come_back_to(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await messenger.set(messages_per_second=1)
    monkeypatch.setattr(sending_work, "PATIENCE", 0.1)
    id = await messenger.told("One.", "Two.")
    again_at = await messenger.deliver(id)
    assert again_at is not None
    assert texts(messenger) == ["I am a machine.\n\nOne."]
    sending = await messenger.sending(id, 2)
    assert (sending.status, sending.attempt) == ("queued", 0)


async def test_a_customer_with_several_addresses_is_answered_where_they_wrote_last(
    messenger: Messenger,
) -> None:
    id = await messenger.hears()
    tenant, at = messenger.shop.context.tenant, messenger.shop.parts.clock()
    conversation = await messenger.store.load(Conversation, id, tenant=tenant)
    facts: dict[str, Any] = {"sender": SENDER, "address": "whatsapp:DE.48151623420000"}
    conversation.receive(message="2", text="it's me", interaction=delivery_of(id), at=at, **facts)
    await messenger.store.save(conversation, context=messenger.shop.context)
    await messenger.says(id, "Hello.")
    await messenger.deliver(id)
    assert len(messenger.twilio.to("whatsapp:DE.48151623420000")) == 1


async def test_a_list_of_ten_goes_out(messenger: Messenger) -> None:
    id = await messenger.hears()
    rows = tuple(Option(title=f"Row {n}", description="d" if n % 2 else None) for n in range(10))
    await messenger.says(id, "Which one?", Choices(body="Which one?", button="Choose", options=rows))
    await messenger.deliver(id)
    assert messenger.counted.outcomes == ["accepted", "accepted"]


async def test_a_channel_without_forms_and_window_gets_texts_at_any_time(
    messenger: Messenger, late: None
) -> None:
    id = await messenger.hears(channel="sms", address="whatsapp:+4915550100777")
    await messenger.says(id, "Which one?", BUTTONS)
    await messenger.deliver(id)
    assert texts(messenger, "whatsapp:+4915550100777") == ["I am a machine.", "Which one?\n\n1. Red\n2. Blue"]
