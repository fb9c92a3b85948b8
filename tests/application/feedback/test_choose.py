"""Customers are asked by buttons whether an answer helped; what they press is a rating, said thanks for, and no message."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.agents.agent import ConfigureAgent, configure_agent
from application.answers.feedback_token import issue_token
from application.base.erase import Erase, erase
from application.conversations.conversation import ReceiveMessage, receive_message
from application.conversations.owing import ANSWER_WORK
from application.feedback.choose import pressed_with
from application.feedback.rate import comment_of
from application.privacy.forget import ForgetCustomer, forget_customer
from domain.agents.configuration import AgentConfiguration
from domain.agents.rating_words import ENGLISH, RATING_WORDS
from domain.audit.invariants import Invariants
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.channels import window
from domain.channels.incoming import IncomingMessage
from domain.conversations.content import Choice
from domain.conversations.conversation import Conversation
from domain.conversations.rating_prompts import is_asked_about
from domain.feedback.rating import Rating, rating_of
from infra.audit.verify import verify
from tests.application.channels.conftest import ADA, Messenger
from tests.doubles.twilio import ACCOUNT, SENDER


async def configure(messenger: Messenger, **fields: Any) -> None:
    shop = messenger.shop
    command = ConfigureAgent(configuration=AgentConfiguration(**fields))
    changed = await configure_agent(
        command,
        shop.context,
        store=messenger.store,
        clock=shop.parts.clock,
        catalogue=shop.parts.catalogue,
    )
    await messenger.store.reach(shop.context.tenant, changed.position)


async def asks(messenger: Messenger, text: str = "When are you open?", address: str = ADA) -> UUID:
    """A customer's question, answered and sent; their conversation."""
    shop = messenger.shop
    command = ReceiveMessage(channel="whatsapp", address=address, text=text, sender=SENDER)
    received = await receive_message(command, shop.context, shop.ports)
    assert await shop.answer(received.conversation) is not None
    await messenger.deliver(received.conversation)
    return received.conversation


def buttons(messenger: Messenger, address: str = ADA) -> list[dict[str, str]]:
    """Title → id, of each question with buttons that went out."""
    found = []
    for message in messenger.twilio.to(address):
        if "ContentVariables" in message.form:
            variables = json.loads(message.form["ContentVariables"])
            if len(variables) != 7:
                continue  # a form of another answer
            found.append({variables[str(n)]: variables[str(n + 1)] for n in (2, 4, 6)})
    return found


async def presses(
    messenger: Messenger, id: str, title: str, *, sid: str | None = None, address: str = ADA
) -> str | None:
    """What the webhook says of it."""
    sid, shop = sid or f"SM{uuid4().hex}", messenger.shop
    incoming = IncomingMessage(
        id=sid,
        account=ACCOUNT,
        channel="whatsapp",
        address=address,
        sender=SENDER,
        text=title,
        parts=(Choice(kind="button", id=id, title=title),),
        raw={"Body": title, "ButtonPayload": id},
    )
    context = Context(tenant=shop.context.tenant, actor="channel:twilio", correlation=uuid4())
    return await pressed_with(messenger.ports)(incoming, f"twilio:{sid}", context)


async def rating(messenger: Messenger, interaction: UUID) -> bool | None:
    found = await messenger.store.load(Rating, rating_of(interaction), tenant=messenger.shop.context.tenant)
    return found.state.helpful


async def state(messenger: Messenger, id: UUID) -> Any:
    return (await messenger.store.load(Conversation, id, tenant=messenger.shop.context.tenant)).state


async def clean(messenger: Messenger) -> None:
    parts, tenant = messenger.shop.parts, messenger.shop.context.tenant
    report = await verify(
        tenant, database=parts.database, keyring=parts.keyring, checkpoints=parts.checkpoints, closely=True
    )
    assert report.findings == []
    prove = Invariants()
    prove.fold([each async for each in messenger.store.events(tenant)])
    assert prove.violations == []


def said(messenger: Messenger) -> list[str]:
    return [message.body for message in messenger.twilio.to(ADA)]


async def test_who_wants_nothing_unasked_is_not_asked_until_they_want_it_again(messenger: Messenger) -> None:
    await configure(messenger, feedback="always")
    shop = messenger.shop

    async def writes(text: str, consent: Any) -> None:
        command = ReceiveMessage(channel="whatsapp", address=ADA, text=text, sender=SENDER, consent=consent)
        received = await receive_message(command, shop.context, shop.ports)
        assert await shop.answer(received.conversation) is not None
        await messenger.deliver(received.conversation)

    await writes("STOP", "out")
    await asks(messenger)
    assert buttons(messenger) == [], "their question is answered, and nothing is asked of them"
    await writes("START", "in")
    before = len(buttons(messenger))
    await asks(messenger, "And on Sundays?")
    assert len(buttons(messenger)) == before + 1


async def test_a_press_is_a_rating_said_thanks_for_and_no_question(messenger: Messenger) -> None:
    await configure(messenger, feedback="always")
    id = await asks(messenger)
    assert said(messenger)[-1] == ENGLISH.question
    (asked,) = buttons(messenger)
    assert list(asked) == [ENGLISH.yes, ENGLISH.no, ENGLISH.stop]
    interaction = (await state(messenger, id)).last_interaction
    sid = f"SM{uuid4().hex}"
    assert await presses(messenger, asked["No"], "No", sid=sid) == "rating"
    assert await rating(messenger, interaction) is False
    assert await presses(messenger, asked["No"], "No", sid=sid) == "duplicate", "Twilio may send it again"
    assert await presses(messenger, asked["No"], "No") == "rating", "pressed again it says nothing new"
    await messenger.deliver(id)
    assert said(messenger)[2:] == [ENGLISH.thanks]
    assert await presses(messenger, asked["Yes"], "Yes") == "rating"
    await messenger.deliver(id)
    assert (await rating(messenger, interaction), said(messenger)[2:]) == (True, [ENGLISH.thanks] * 2)
    left = await state(messenger, id)
    assert (left.burst, left.begun) == (None, None)
    assert [turn.text for turn in left.history] == ["When are you open?", "From nine to five."]
    assert (ANSWER_WORK, id.hex) not in await messenger.shop.owed()
    topics = [recorded.topic for recorded in await messenger.shop.events(id)]
    assert (topics.count("conversation.rating_asked"), topics.count("conversation.rating_chosen")) == (1, 3)
    await clean(messenger)


async def test_who_wants_to_be_asked_no_more_is_asked_no_more(messenger: Messenger) -> None:
    await configure(messenger, feedback="always")
    id = await asks(messenger, "Wann habt ihr am Sonntag geöffnet, und wie lange?")
    german = RATING_WORDS["de"]
    (asked,) = buttons(messenger)
    assert await presses(messenger, asked[german.stop], german.stop) == "rating"
    assert await presses(messenger, asked[german.stop], german.stop) == "rating"
    await messenger.deliver(id)
    assert said(messenger)[1:] == [german.question, german.stopped]
    await asks(messenger, "Und am Montag, habt ihr da auch geöffnet?")
    assert len(buttons(messenger)) == 1
    other = await asks(messenger, address="whatsapp:+4915550100102")
    assert other != id
    assert len(buttons(messenger, "whatsapp:+4915550100102")) == 1
    await clean(messenger)


async def test_who_is_asked_follows_from_the_configuration_and_is_always_the_same(
    messenger: Messenger,
) -> None:
    await asks(messenger)
    assert buttons(messenger) == [], "nobody is asked unless the tenant wants it"
    await configure(messenger, feedback="always")
    for text in ("Shoes?", "I want to talk to a human"):
        messenger.shop.provider.text = "We have two. Which one do you want?\n- Red\n- Blue"
        await asks(messenger, text, "whatsapp:+4915550100103")
        assert not any(ENGLISH.stop in each for each in buttons(messenger, "whatsapp:+4915550100103"))
    fetched = await messenger.shop.receive("When?", address="bert")
    await messenger.shop.answer(fetched.conversation)
    topics = {recorded.topic for recorded in await messenger.shop.events(fetched.conversation)}
    assert "conversation.rating_asked" not in topics, "who fetches the answer rates it by its token"
    some = AgentConfiguration(feedback="sometimes", feedback_percentage=30)
    ids = [uuid4() for _ in range(2000)]
    asked = {id for id in ids if is_asked_about(id, some)}
    assert 480 < len(asked) < 720
    assert asked == {id for id in ids if is_asked_about(id, some)}
    more = AgentConfiguration(feedback="sometimes", feedback_percentage=60)
    assert all(is_asked_about(id, more) for id in asked)


async def test_an_old_button_changes_nothing_and_the_customer_is_told(messenger: Messenger) -> None:
    await configure(messenger, feedback="always")
    id = await asks(messenger)
    interaction, shop = (await state(messenger, id)).last_interaction, messenger.shop
    token = await issue_token(
        shop.context.tenant,
        interaction,
        id,
        answered_at=shop.parts.clock() - timedelta(days=31),
        days=30,
        keyring=shop.parts.keyring,
    )
    assert await presses(messenger, f"rating:{token}:yes", "Yes") == "rating"
    await messenger.deliver(id)
    assert said(messenger)[-1] == ENGLISH.late
    with pytest.raises(NotFound):
        await rating(messenger, interaction)
    assert await presses(messenger, f"rating:{token}:stop", "Stop") == "rating", (
        "that can be said at any time"
    )
    assert (await state(messenger, id)).unasked is not None


async def test_a_press_long_after_the_window_opens_it_again(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await configure(messenger, feedback="always")
    id = await asks(messenger)
    (asked,) = buttons(messenger)
    await messenger.hears()
    await messenger.says(id, "At nine.")
    monkeypatch.setattr(
        window, "WINDOW", timedelta(minutes=1)
    )  # it is over at once, as the margin is as long
    await messenger.deliver(id)
    assert len(said(messenger)) == 2, "what is due outside of it is refused"
    monkeypatch.setattr(window, "WINDOW", timedelta(hours=24))
    assert await presses(messenger, asked["Yes"], "Yes") == "rating"
    await messenger.deliver(id)
    assert said(messenger)[-1] == ENGLISH.thanks


@pytest.mark.parametrize("where", ["window", "form", "unknown"])
async def test_a_question_that_can_not_go_out_is_left_out_and_nobody_is_called(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    await configure(messenger, feedback="always")
    if where == "window":
        await messenger.set(outside_window="template", window_template="news")
        monkeypatch.setattr(window, "WINDOW", timedelta(minutes=1))
    elif where == "form":
        messenger.twilio.script = lambda form: "63013" if "ContentSid" in form else "ok"
    else:
        monkeypatch.setattr("domain.channels.next_step.CALLING", timedelta())
        monkeypatch.setattr("domain.channels.next_step.HELD", timedelta())
        monkeypatch.setattr("domain.channels.next_step.SETTLED", timedelta())
        messenger.twilio.script = lambda form: "cut" if "ContentSid" in form else "ok"
    id = await asks(messenger)
    assert ENGLISH.question not in " ".join(said(messenger))
    sending = (await messenger.delivery(id)).state.messages[2]
    assert sending.status == ("given_up" if where == "unknown" else "failed")
    assert (await state(messenger, id)).handoff is None


async def test_a_button_of_an_erased_conversation_has_no_effect(messenger: Messenger) -> None:
    await configure(messenger, feedback="always")
    id = await asks(messenger)
    interaction = (await state(messenger, id)).last_interaction
    (asked,) = buttons(messenger)
    assert await presses(messenger, asked["Yes"], "Yes") == "rating"
    shop = messenger.shop
    forgotten = ForgetCustomer(channel="whatsapp", address=ADA)
    parts = shop.parts
    await forget_customer(
        forgotten, shop.context, store=parts.store, keyring=parts.keyring, clock=parts.clock
    )
    head = await parts.reads.head(shop.context.tenant)
    assert await presses(messenger, asked["No"], "No") == "duplicate"
    await erase(Erase(subject=id), shop.context, eraser=parts.eraser, cache=parts.cache)
    assert await presses(messenger, asked["No"], "No") == "duplicate"
    assert await parts.reads.head(shop.context.tenant) == head
    assert await rating(messenger, interaction) is True, "that it helped says nothing of a person"
    assert await comment_of(rating_of(interaction), shop.context.tenant, store=parts.store) is None
    await clean(messenger)


async def test_a_button_that_is_none_of_ours_is_a_message(messenger: Messenger) -> None:
    await configure(messenger, feedback="always")
    await asks(messenger)
    (asked,) = buttons(messenger)
    good = asked["Yes"]
    for strange in ("yes", "rating:x:yes", good.replace(":yes", ":maybe"), good[:40] + "AAAA" + good[44:]):
        assert await presses(messenger, strange, "Yes") is None


async def test_while_a_person_answers_a_press_is_kept_and_nothing_is_said(messenger: Messenger) -> None:
    await configure(messenger, feedback="always")
    id = await asks(messenger)
    interaction = (await state(messenger, id)).last_interaction
    (asked,) = buttons(messenger)
    conversation = await messenger.store.load(Conversation, id, tenant=messenger.shop.context.tenant)
    conversation.claim("eve", messenger.shop.parts.clock())
    await messenger.store.save(conversation, context=messenger.shop.context)
    assert await presses(messenger, asked["No"], "No") == "rating"
    await messenger.deliver(id)
    assert await rating(messenger, interaction) is False
    assert said(messenger)[-1] == ENGLISH.question
    await clean(messenger)
