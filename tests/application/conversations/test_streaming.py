"""Answers that the customer gets piece by piece, and messages that come meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from application.conversations import answer, streaming
from application.conversations.streaming import Subscriber
from application.ports import Unavailable
from domain.audit.invariants import Invariants
from domain.conversations.conversation import Conversation
from tests.application.conftest import Shop, nothing

TOLD = "You are talking to an automated assistant."
PIECES = [f"{TOLD}\n\n", "From", " nine to five."]
"""Put together they are the answer as it is told."""


class Heard:
    """What a customer hears of an interaction."""

    def __init__(self, interaction: UUID) -> None:
        self.pieces: list[str] = []
        self.restarts = 0
        self.subscriber = Subscriber(interaction, self._deliver, self._restarted)

    async def _deliver(self, piece: str) -> None:
        self.pieces.append(piece)

    async def _restarted(self) -> None:
        assert self.pieces == []
        self.restarts += 1


async def kinds(shop: Shop, conversation: UUID) -> list[str]:
    """What happened in it, which holds all invariants."""
    invariants = Invariants()
    events = await shop.events(conversation)
    invariants.fold(events)
    assert invariants.violations == []
    return [recorded.topic.partition(".")[2] for recorded in events]


async def test_the_disclosure_comes_first_and_the_log_says_that_the_answer_has_begun(shop: Shop) -> None:
    received = await shop.receive("When are you open?")
    heard = Heard(received.interaction)
    given = await shop.answer(received.conversation, heard.subscriber)
    assert given is not None
    assert heard.pieces == PIECES
    assert (given.disclosure, given.more) == (TOLD, False)
    assert await kinds(shop, received.conversation) == [
        "started",
        "message_received",
        "disclosed",
        "answer_begun",
        "prompted",
        "metered",
        "answered",
    ]
    assert await shop.owed() == set()


async def test_a_message_before_the_first_piece_restarts_the_answer_and_nothing_was_sent(shop: Shop) -> None:
    received = await shop.receive("When are you open?", "m1")
    heard = Heard(received.interaction)

    async def come() -> None:
        if len(shop.provider.asked) == 1:
            assert (await shop.receive("And on Sundays?", "m2")).interaction == received.interaction

    shop.provider.meanwhile = come
    await shop.answer(received.conversation, heard.subscriber)
    assert (heard.restarts, heard.pieces) == (1, PIECES)
    (answered,) = await shop.answers(received.conversation)
    assert answered.messages == ("m1", "m2")
    events = [recorded.event for recorded in await shop.events(received.conversation)]
    (metered,) = [event for event in events if isinstance(event, Conversation.Metered)]
    assert [attempt.outcome for attempt in metered.attempts] == ["cancelled", "ok"]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_customer_who_goes_on_writing_is_answered_all_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, streamed: bool
) -> None:
    monkeypatch.setattr(answer, "JOINING", timedelta(0))
    received = await shop.receive("When are you open?", "m1")
    heard = Heard(received.interaction)

    async def come() -> None:
        number = len(shop.provider.asked)
        await shop.receive(f"Hello? {number}", f"m{number + 1}")

    shop.provider.meanwhile = come
    given = await shop.answer(received.conversation, heard.subscriber if streamed else None)
    assert given is not None
    assert (given.event.messages, given.more, given.disclosure) == (("m1", "m2"), True, TOLD)
    assert heard.pieces == (PIECES if streamed else [])
    assert len(shop.provider.asked) == 2
    assert await shop.owed() != set()
    shop.provider.meanwhile = nothing
    given = await shop.answer(received.conversation)
    assert given is not None
    assert (given.event.messages, given.more) == (("m3",), False)
    told = await kinds(shop, received.conversation)
    assert (told.count("answer_begun"), told.count("answered")) == (1, 2)
    assert await shop.owed() == set()


async def test_an_answer_that_was_held_up_and_fails_is_made_anew_for_the_same_messages(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "JOINING", timedelta(0))
    received = await shop.receive("When are you open?", "m1")

    async def come() -> None:
        number = len(shop.provider.asked)
        shop.provider.away = number == 2
        await shop.receive(f"Hello? {number}", f"m{number + 1}")

    shop.provider.meanwhile = come
    with pytest.raises(Unavailable):
        await shop.answer(received.conversation)
    given = await shop.answer(received.conversation)
    assert given is not None
    assert (given.event.messages, given.more) == (("m1", "m2"), True)
    shop.provider.meanwhile = nothing
    given = await shop.answer(received.conversation)
    assert given is not None
    assert given.event.messages == ("m3", "m4", "m5")
    await kinds(shop, received.conversation)
    assert await shop.owed() == set()


async def test_a_message_after_the_first_piece_is_the_next_bursts_and_both_are_answered(shop: Shop) -> None:
    received = await shop.receive("When are you open?", "m1")
    heard, later = Heard(received.interaction), []

    async def come() -> None:
        if len(shop.provider.asked) == 1:
            later.append(await shop.receive("And on Sundays?", "m2"))

    shop.provider.between = come
    given = await shop.answer(received.conversation, heard.subscriber)
    assert given is not None
    assert (heard.restarts, heard.pieces) == (0, PIECES)
    assert (given.event.messages, given.more) == (("m1",), True)
    assert len(shop.provider.asked) == 1
    assert await shop.owed() != set()
    second = await shop.answer(received.conversation)
    assert second is not None
    assert (second.event.messages, second.event.interaction) == (("m2",), later[0].interaction)
    turns = [turn.text for turn in shop.provider.asked[-1].prompt[1:-1]]
    assert turns == ["When are you open?", "From nine to five."]
    assert (await kinds(shop, received.conversation)).count("answered") == 2
    assert await shop.owed() == set()


async def test_whoever_comes_while_an_answer_is_sent_waits_and_answers_only_what_is_left(shop: Shop) -> None:
    received = await shop.receive("When are you open?", "m1")
    others: list[asyncio.Task[object]] = []

    async def come() -> None:
        if not others:
            newer = await shop.receive("And on Sundays?", "m2")
            others.extend(asyncio.create_task(shop.answer(newer.conversation)) for _ in range(3))
            await asyncio.sleep(0.3)

    shop.provider.between = come
    await shop.answer(received.conversation, Heard(received.interaction).subscriber)
    await asyncio.gather(*others)
    answers = await shop.answers(received.conversation)
    assert [answered.messages for answered in answers] == [("m1",), ("m2",)]
    await kinds(shop, received.conversation)
    assert await shop.owed() == set()


async def test_of_two_who_stream_the_same_answer_one_sends_it(shop: Shop) -> None:
    received = await shop.receive("When are you open?", "m1")
    heard = [Heard(received.interaction) for _ in range(4)]
    given = await asyncio.gather(*(shop.answer(received.conversation, each.subscriber) for each in heard))
    assert sum(one is not None for one in given) == 1
    assert sorted(each.pieces for each in heard) == [[], [], [], PIECES]
    assert (await kinds(shop, received.conversation)).count("answered") == 1


async def test_an_answer_that_breaks_off_is_made_anew_for_the_same_messages(shop: Shop) -> None:
    received = await shop.receive("When are you open?", "m1")
    shop.provider.cut = True
    with pytest.raises(Unavailable):
        await shop.answer(received.conversation, Heard(received.interaction).subscriber)
    assert await shop.owed() != set()
    newer = await shop.receive("And on Sundays?", "m2")
    assert newer.interaction != received.interaction
    for message, more in (("m1", True), ("m2", False)):
        given = await shop.answer(received.conversation)
        assert given is not None
        assert (given.event.messages, given.more) == ((message,), more)
        assert given.disclosure == (TOLD if more else None)
    await kinds(shop, received.conversation)
    assert await shop.owed() == set()


async def test_where_the_sender_died_another_one_answers_and_the_sender_who_lives_has_its_cost_on_record(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LONGEST_ANSWER", timedelta(seconds=0.1))
    received = await shop.receive("When are you open?", "m1")
    heard = Heard(received.interaction)

    async def come() -> None:
        if len(shop.provider.asked) == 1:
            await asyncio.sleep(0.15)
            assert await shop.answer(received.conversation) is not None

    shop.provider.between = come
    assert await shop.answer(received.conversation, heard.subscriber) is None
    happened = await kinds(shop, received.conversation)
    assert happened[-4:] == ["prompted", "metered", "answered", "metered"]
    assert len(heard.pieces) == 3


async def test_a_customer_who_is_forgotten_while_the_answer_is_sent_leaves_nothing_behind(shop: Shop) -> None:
    received = await shop.receive("When are you open?", "m1")

    async def come() -> None:
        found = await shop.parts.store.load(Conversation, received.conversation, tenant=shop.context.tenant)
        found.forget(shop.parts.clock())
        await shop.parts.store.save(found, context=shop.context)

    shop.provider.between = come
    assert await shop.answer(received.conversation, Heard(received.interaction).subscriber) is None
    assert (await kinds(shop, received.conversation))[-1] == "forgotten"
