from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from application.conversations.answer import Answer
from application.conversations.closing import CloseConversation, close_conversation
from application.conversations.owing import ANSWER_WORK
from application.ports import Unavailable
from application.tenancy.tenant import suspend_tenant
from domain.base.context import Context
from domain.base.errors import Forbidden, Invalid, NotFound
from domain.conversations.conversation import Conversation
from tests.application.conftest import Shop


async def test_a_message_sent_twenty_times_at_once_is_one_message_with_one_result(shop: Shop) -> None:
    results = await asyncio.gather(*(shop.receive("When are you open?", "m1") for _ in range(20)))
    assert len({(r.conversation, r.interaction, r.version, r.position) for r in results}) == 1
    assert sorted(r.duplicate for r in results) == [False] + [True] * 19
    events = [recorded.event for recorded in await shop.events(results[0].conversation)]
    assert [type(event) for event in events] == [Conversation.Started, Conversation.MessageReceived]


async def test_an_id_is_unique_within_its_conversation_only(shop: Shop) -> None:
    """Telegram counts in each chat, and many apps do so."""
    anna = await shop.receive("Where is my parcel?", "1", address="anna")
    bert = await shop.receive("May I return shoes?", "1", address="bert")
    called = await shop.receive("Hello?", "1", address="anna", channel="sms")
    assert [each.duplicate for each in (anna, bert, called)] == [False, False, False]
    assert len({each.conversation for each in (anna, bert, called)}) == 3
    again = await shop.receive("May I return shoes?", "1", address="bert")
    assert (again.duplicate, again.conversation, again.position) == (True, bert.conversation, bert.position)


async def test_messages_without_an_id_are_messages_of_their_own(shop: Shop) -> None:
    first, second = [await shop.receive("hello") for _ in range(2)]
    assert (first.duplicate, second.duplicate) == (False, False)
    assert first.interaction == second.interaction, "both wait for the same answer"


async def test_customers_of_one_address_on_one_channel_are_one_conversation(shop: Shop) -> None:
    anna, again, bert = [await shop.receive("hello", address=name) for name in ("anna", "anna", "bert")]
    assert anna.conversation == again.conversation != bert.conversation


async def test_one_burst_is_answered_once_by_several_who_try(shop: Shop) -> None:
    received = await shop.receive("When are you open?")
    given = await asyncio.gather(*(shop.answer(received.conversation) for _ in range(8)))
    assert len(await shop.answers(received.conversation)) == 1
    assert sum(one is not None for one in given) == 1
    assert await shop.owed() == set()


async def test_messages_that_come_while_it_answers_are_in_the_answer_and_what_was_spent_counts(
    shop: Shop,
) -> None:
    received = await shop.receive("When are you open?", "m1")

    async def come() -> None:
        if len(shop.provider.asked) == 1:
            await shop.receive("And on Sundays?", "m2")

    shop.provider.meanwhile = come
    await shop.answer(received.conversation)
    (answered,) = await shop.answers(received.conversation)
    assert answered.messages == ("m1", "m2")
    assert shop.provider.asked[-1].questions == ("When are you open?", "And on Sundays?")
    events = [recorded.event for recorded in await shop.events(received.conversation)]
    (metered,) = [event for event in events if isinstance(event, Conversation.Metered)]
    assert len(metered.attempts) == 2, "the first call was made and is on record"


async def test_where_no_provider_answers_the_failure_is_recorded_and_the_message_stays_owed(
    shop: Shop,
) -> None:
    received = await shop.receive("When are you open?")
    shop.provider.away = True
    with pytest.raises(Unavailable):
        await shop.answer(received.conversation)
    metered, failed = [recorded.event for recorded in (await shop.events(received.conversation))[-2:]]
    assert isinstance(failed, Conversation.AnswerFailed)
    assert isinstance(metered, Conversation.Metered)
    assert {attempt.outcome for attempt in metered.attempts} == {"bad_request"}
    assert await shop.owed() == {(ANSWER_WORK, received.conversation.hex)}
    shop.provider.away = False
    assert await shop.answer(received.conversation) is not None
    assert await shop.owed() == set()


async def test_the_first_answer_alone_comes_with_the_disclosure(shop: Shop) -> None:
    given = []
    for _ in range(2):
        received = await shop.receive("When are you open?")
        given.append(await shop.answer(received.conversation))
    told = [one.disclosure for one in given if one is not None]
    assert told == ["You are talking to an automated assistant.", None]


async def test_the_prompt_of_a_later_answer_has_the_history_before_it(shop: Shop) -> None:
    for text in ("When are you open?", "And on Sundays?"):
        await shop.answer((await shop.receive(text)).conversation)
    turns = [(turn.role, turn.text) for turn in shop.provider.asked[-1].prompt]
    assert ("user", "When are you open?") in turns
    assert ("assistant", "From nine to five.") in turns


async def test_nothing_pending_is_no_answer(shop: Shop) -> None:
    received = await shop.receive("When are you open?")
    await shop.answer(received.conversation)
    assert await shop.answer(received.conversation) is None
    with pytest.raises(NotFound):
        await shop.answer(uuid4())


async def test_a_closed_conversation_is_opened_by_the_next_message(shop: Shop) -> None:
    received = await shop.receive("hello")
    command = CloseConversation(conversation=received.conversation)
    for position in (received.position + 1, 0):
        closed = await close_conversation(
            command, shop.context, store=shop.parts.store, clock=shop.parts.clock
        )
        assert closed == position
    await shop.receive("hello again")
    kinds = [type(recorded.event) for recorded in await shop.events(received.conversation)]
    assert kinds[-3:] == [Conversation.Closed, Conversation.Reopened, Conversation.MessageReceived]


@pytest.mark.parametrize(
    ("text", "address"), [("", "anna"), (" \n", "anna"), ("x" * 8001, "anna"), ("hi", " ")]
)
async def test_what_cannot_be_a_message_is_refused_and_leaves_nothing(
    shop: Shop, text: str, address: str
) -> None:
    before = [recorded async for recorded in shop.parts.store.events(shop.context.tenant)]
    with pytest.raises(Invalid):
        await shop.receive(text, address=address)
    assert [recorded async for recorded in shop.parts.store.events(shop.context.tenant)] == before


async def test_a_suspended_tenant_takes_no_message(shop: Shop) -> None:
    await suspend_tenant("unpaid", shop.context, store=shop.parts.store, clock=shop.parts.clock)
    with pytest.raises(Forbidden, match="suspended"):
        await shop.receive("hello")


async def test_another_tenant_can_not_close_ours(shop: Shop) -> None:
    received = await shop.receive("hello")
    stranger = Context(tenant=uuid4(), actor="key:other", correlation=uuid4())
    command = CloseConversation(conversation=received.conversation)
    with pytest.raises(NotFound):
        await close_conversation(command, stranger, store=shop.parts.store, clock=shop.parts.clock)


def test_a_message_waits_for_room_in_the_budget_as_long_as_is_said() -> None:
    said = (Path(__file__).parents[3] / "docs" / "budgets.md").read_text(encoding="utf-8")
    assert f"{Answer(conversation=uuid4()).patience:.0f} s for a customer's message" in said
