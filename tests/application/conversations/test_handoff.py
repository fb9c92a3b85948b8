"""A person in the place of the agent, on the real log: who wins which race, and what is owed to whom."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.agents.agent import ConfigureAgent, configuration_of, configure_agent
from application.base.amend import amend
from application.conversations import streaming
from application.conversations.closing import CloseConversation, close_conversation
from application.conversations.handoff import (
    ClaimConversation,
    ExpireHandoff,
    ReleaseConversation,
    SendReply,
    claim_conversation,
    expire_handoff,
    release_conversation,
    send_reply,
)
from application.conversations.owing import ANSWER_WORK, CANDIDATE_WORK, HANDOFF_WORK, expiry
from application.conversations.streaming import Subscriber
from application.privacy.forget import ForgetCustomer, forget_customer
from domain.agents.agent import AgentConfiguration
from domain.agents.nobody_came import NOBODY_CAME_IN
from domain.audit.invariants import Invariants
from domain.base.errors import Conflict
from domain.conversations.conversation import Conversation
from interfaces.bootstrap import services
from tests.application.conftest import Played, Shop


async def hand_over(shop: Shop, conversation: UUID) -> None:
    configuration, _ = await configuration_of(shop.context.tenant, store=shop.parts.store)
    await amend(
        Conversation,
        conversation,
        lambda found: found.hand_over("person", (), shop.parts.clock()),
        context=shop.context,
        store=shop.parts.store,
        work=lambda found: expiry(found, configuration),
    )


async def claim(shop: Shop, conversation: UUID, operator: str = "Bea") -> int:
    command = ClaimConversation(conversation=conversation, operator=operator)
    store, keyring, clock = shop.parts.store, shop.parts.keyring, shop.parts.clock
    _, position = await claim_conversation(command, shop.context, store=store, keyring=keyring, clock=clock)
    return position


async def reply(
    shop: Shop, conversation: UUID, text: str = "Here I am.", **more: Any
) -> Conversation.Replied:
    command = SendReply(conversation=conversation, operator="Bea", text=text, **more)
    sent = await send_reply(command, shop.context, store=shop.parts.store, clock=shop.parts.clock)
    return sent.event


async def release(shop: Shop, conversation: UUID) -> None:
    command = ReleaseConversation(conversation=conversation, operator="Bea")
    await release_conversation(command, shop.context, store=shop.parts.store, clock=shop.parts.clock)


async def expire(shop: Shop, conversation: UUID) -> Any:
    command = ExpireHandoff(conversation=conversation)
    return await expire_handoff(command, shop.context, store=shop.parts.store, clock=shop.parts.clock)


async def owed(shop: Shop) -> set[tuple[str, str]]:
    """What is owed to the customer."""
    return {(kind, key) for kind, key in await shop.owed() if kind != CANDIDATE_WORK}


async def kinds(shop: Shop, conversation: UUID) -> list[str]:
    """What happened in it, which holds all invariants."""
    invariants, events = Invariants(), await shop.events(conversation)
    invariants.fold(events)
    assert invariants.violations == []
    return [recorded.topic.partition(".")[2] for recorded in events]


async def answered(shop: Shop) -> UUID:
    received = await shop.receive("When are you open?")
    await shop.answer(received.conversation)
    return received.conversation


async def test_the_agent_is_silent_until_it_has_the_conversation_again(shop: Shop) -> None:
    conversation = await answered(shop)
    await hand_over(shop, conversation)
    assert await owed(shop) == {(HANDOFF_WORK, conversation.hex)}
    await shop.receive("Hello?", "m1")
    assert await owed(shop) == {(HANDOFF_WORK, conversation.hex)}
    assert await shop.answer(conversation) is None
    await claim(shop, conversation)
    said = await reply(shop, conversation)
    assert said.messages == ("m1",)
    assert await owed(shop) == set()
    await shop.receive("And on Sundays?", "m2")
    await release(shop, conversation)
    assert await owed(shop) == {(ANSWER_WORK, conversation.hex)}
    given = await shop.answer(conversation)
    assert given is not None
    assert given.event.messages == ("m2",)
    assert await owed(shop) == set()
    assert (await kinds(shop, conversation))[-9:] == [
        "handed_over",
        "message_received",
        "claimed",
        "replied",
        "message_received",
        "released",
        "prompted",
        "metered",
        "answered",
    ]


async def test_of_many_operators_one_gets_it_and_the_others_are_told_who(shop: Shop) -> None:
    conversation = await answered(shop)
    await hand_over(shop, conversation)
    names = [f"operator {number}" for number in range(8)]
    got = await asyncio.gather(*(claim(shop, conversation, name) for name in names), return_exceptions=True)
    (winner,) = [name for name, outcome in zip(names, got, strict=True) if isinstance(outcome, int)]
    assert {outcome.facts["operator"] for outcome in got if isinstance(outcome, Conflict)} == {winner}
    assert (await kinds(shop, conversation)).count("claimed") == 1


async def test_an_answer_under_way_is_not_said_when_an_operator_has_claimed_meanwhile(shop: Shop) -> None:
    received = await shop.receive("When are you open?", "m1")

    async def come() -> None:
        await claim(shop, received.conversation)

    shop.provider.meanwhile = come
    assert await shop.answer(received.conversation) is None
    assert (await kinds(shop, received.conversation))[-2:] == ["claimed", "metered"], "its cost is on record"
    assert (await reply(shop, received.conversation)).messages == ("m1",)


async def test_an_answer_that_the_customer_was_getting_ends_where_the_operator_came(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "CLAIMED", 0.0)
    received = await shop.receive("When are you open?", "m1")
    pieces: list[str] = []

    async def take(piece: str) -> None:
        pieces.append(piece)

    async def come() -> None:
        await claim(shop, received.conversation)

    shop.provider.between = come
    subscriber = Subscriber(received.interaction, take, come)
    given = await shop.answer(received.conversation, subscriber)
    assert given is not None
    assert pieces[-1] == "From", "nothing comes after the claim"
    assert (given.event.text, given.event.handoff) == ("From", "takeover")
    assert given.event.confidence < 1
    names = await kinds(shop, received.conversation)
    assert names.index("answer_begun") < names.index("claimed") < names.index("answered")
    assert await owed(shop) == {(HANDOFF_WORK, received.conversation.hex)}, "they wait for the operator"
    assert (await reply(shop, received.conversation)).messages == ()
    assert await owed(shop) == set()


async def test_a_reply_that_comes_twice_is_said_once(shop: Shop) -> None:
    conversation = await answered(shop)
    await claim(shop, conversation)
    first = await reply(shop, conversation, inbox="reply:1")
    again = await reply(shop, conversation, inbox="reply:1")
    assert again == first
    assert (await kinds(shop, conversation)).count("replied") == 1


async def test_who_waits_too_long_for_a_person_is_told_in_their_language_and_has_the_agent_again(
    shop: Shop,
) -> None:
    received = await shop.receive("Wann habt ihr am Samstag eigentlich geöffnet, bitte?")
    conversation = received.conversation
    await shop.answer(conversation)
    await hand_over(shop, conversation)
    again = await expire(shop, conversation)
    assert again is not None
    assert timedelta(minutes=29) < again - shop.parts.clock() <= timedelta(minutes=30)
    await configure_agent(
        ConfigureAgent(configuration=AgentConfiguration(handoff_minutes=1e-7)),
        shop.context,
        store=shop.parts.store,
        catalogue=shop.parts.providers.catalogue,
        clock=shop.parts.clock,
    )
    await shop.receive("Ist denn da gar niemand mehr für mich da?", "m2")
    assert await expire(shop, conversation) is None
    assert await owed(shop) == {(ANSWER_WORK, conversation.hex)}
    said = [r.event for r in await shop.events(conversation) if isinstance(r.event, Conversation.Said)]
    assert [each.text for each in said] == [NOBODY_CAME_IN["de"]]
    given = await shop.answer(conversation)
    assert given is not None
    assert given.event.messages == ("m2",)
    assert await expire(shop, conversation) is None
    assert await owed(shop) == set()
    await kinds(shop, conversation)


async def test_closing_gives_it_back_and_what_is_pending_is_answered(shop: Shop) -> None:
    conversation = await answered(shop)
    await claim(shop, conversation)
    await shop.receive("One more thing?")
    command = CloseConversation(conversation=conversation, reason="solved")
    await close_conversation(command, shop.context, store=shop.parts.store, clock=shop.parts.clock)
    assert await owed(shop) == {(ANSWER_WORK, conversation.hex)}
    assert await shop.answer(conversation) is not None
    await kinds(shop, conversation)


async def test_nobody_is_waited_for_once_the_customer_is_forgotten(shop: Shop) -> None:
    conversation = await answered(shop)
    await hand_over(shop, conversation)
    await forget_customer(
        ForgetCustomer(channel="http", address="anna"),
        shop.context,
        store=shop.parts.store,
        keyring=shop.parts.keyring,
        clock=shop.parts.clock,
    )
    assert (HANDOFF_WORK, conversation.hex) not in await owed(shop)


async def test_all_who_want_it_at_once_leave_a_log_in_which_nothing_is_lost_or_doubled(shop: Shop) -> None:
    """Customers, agents and operators of two processes, on the real log: the second has services of its own, and shares nothing but the
    database."""
    conversation = (await shop.receive("When are you open?", "m0")).conversation
    async with services(shop.parts.settings, pool=4) as others:
        second = Shop(dataclasses.replace(others), shop.context, Played())
        await asyncio.gather(
            writing(shop, range(1, 9)),
            writing(second, range(9, 17)),
            answering(shop, conversation),
            answering(second, conversation),
            operating(shop, conversation, "Bea"),
            operating(second, conversation, "Carl"),
        )
    names = await kinds(shop, conversation)
    assert names.count("message_received") == 17
    assert names.count("replied") > 0
    while (await shop.answer(conversation)) is not None:
        pass
    settled = [
        message
        for recorded in await shop.events(conversation)
        if isinstance(recorded.event, Conversation.Answered | Conversation.Replied)
        for message in recorded.event.messages
    ]
    found = await shop.parts.store.load(Conversation, conversation, tenant=shop.context.tenant)
    assert found.pending is None
    assert sorted(settled, key=lambda id: int(id[1:])) == [f"m{number}" for number in range(17)]


async def writing(shop: Shop, numbers: range) -> None:
    for number in numbers:
        await shop.receive("And on Sundays?", f"m{number}")
        await asyncio.sleep(0)


async def answering(shop: Shop, conversation: UUID) -> None:
    for _ in range(8):
        with suppress(Conflict):
            await shop.answer(conversation)
        await asyncio.sleep(0)


async def operating(shop: Shop, conversation: UUID, name: str) -> None:
    """Claims, replies once, gives back; five times, or as often as the other one lets them."""
    store, keyring, clock = shop.parts.store, shop.parts.keyring, shop.parts.clock
    for _ in range(5):
        with suppress(Conflict):
            claims = ClaimConversation(conversation=conversation, operator=name)
            await claim_conversation(claims, shop.context, store=store, keyring=keyring, clock=clock)
            await asyncio.sleep(0)
            says = SendReply(conversation=conversation, operator=name, text="I am here.")
            await send_reply(says, shop.context, store=store, clock=clock)
            gives = ReleaseConversation(conversation=conversation, operator=name)
            await release_conversation(gives, shop.context, store=store, clock=clock)
        await asyncio.sleep(0)
