"""Candidates for corrections: one for each answer that an operator has gone after, with where it came from; gone with the customer."""

from __future__ import annotations

import asyncio
from random import Random

from application.base.erase import Erase, erase
from application.feedback.candidate import candidate_of, propose_candidate
from application.privacy.forget import ForgetCustomer, forget_customer
from domain.conversations.conversation import Conversation
from domain.feedback.correction import Correction
from tests.application.conftest import Shop
from tests.application.feedback.desk import corrections, owed_candidates, propose_owed, reply


async def ask(shop: Shop, text: str, address: str = "anna"):  # type: ignore[no-untyped-def]  # a Received
    received = await shop.receive(text, address=address)
    await shop.answer(received.conversation)
    return received


async def test_what_an_operator_says_after_the_agent_is_proposed_with_where_it_came_from(shop: Shop) -> None:
    first = await ask(shop, "Are you open on Sunday?")
    second = await ask(shop, "And when exactly?")
    await shop.receive("I mean the shop in Zürich")
    await reply(shop, second.conversation, "From ten to four.", "See you!")
    await propose_owed(shop)
    events = [each.event for each in await corrections(shop)]
    (proposed,) = [event for event in events if isinstance(event, Correction.Proposed)]
    assert proposed.originator_id == candidate_of(second.interaction)
    assert (proposed.lineage.interaction, proposed.lineage.conversation) == (
        second.interaction,
        second.conversation,
    )
    assert (proposed.source, proposed.category, proposed.lineage.channel) == ("operator", "other", "http")
    assert (proposed.proposer.operator, proposed.proposer.by) == ("Bea", "key:test")
    said = {each.id: each.event for each in await shop.events(second.conversation)}
    prompt = said[proposed.lineage.prompt] if proposed.lineage.prompt else None
    assert isinstance(prompt, Conversation.Prompted)
    assert prompt.interaction == second.interaction
    answers = await shop.answers(second.conversation)
    assert (proposed.lineage.template, proposed.lineage.model) == (answers[1].template, "extractive")
    texts = proposed.texts
    assert texts is not None
    assert texts.exchange.message == "And when exactly?\nI mean the shop in Zürich"
    assert texts.exchange.answer == "From ten to four.\nSee you!"
    assert texts.said == answers[1].text
    assert [turn.text for turn in texts.exchange.context] == ["Are you open on Sunday?", answers[0].text]
    assert {"anna", "Bea"} <= set(texts.known)
    assert first.interaction not in {event.originator_id for event in events}


async def test_it_is_proposed_once_in_any_order_and_however_often_it_is_done(shop: Shop) -> None:
    asked = [await ask(shop, f"Question {number}?", address=f"customer {number}") for number in range(4)]
    for received in asked:
        await reply(shop, received.conversation, "One.", "Two.", "Three.")
    todo = await owed_candidates(shop) * 2
    assert len(todo) == 24
    Random(1).shuffle(todo)
    parts = shop.parts

    async def work(begin: int) -> None:
        for command in todo[begin::3]:
            await propose_candidate(
                command, shop.context, store=parts.store, keyring=parts.keyring, clock=parts.clock
            )

    await asyncio.gather(*map(work, range(3)))
    events = await corrections(shop)
    assert [type(each.event) for each in events] == [Correction.Proposed] * 4
    assert {each.stream for each in events} == {candidate_of(received.interaction) for received in asked}


async def test_an_operator_who_goes_on_extends_it_and_one_who_chats_does_not(shop: Shop) -> None:
    received = await ask(shop, "When?")
    await reply(shop, received.conversation, "One moment.")
    assert await propose_owed(shop) != [0]
    await reply(shop, received.conversation, "At nine.")
    await shop.receive("Thank you, and how are you?")
    await reply(shop, received.conversation, "Fine.", "And you?")
    await propose_owed(shop, times=2)
    proposed, extended = [each.event for each in await corrections(shop)]
    assert isinstance(proposed, Correction.Proposed)
    assert isinstance(extended, Correction.Extended)
    assert proposed.texts is not None
    assert proposed.texts.exchange.answer == "One moment."
    assert extended.texts is not None
    assert extended.texts.exchange.answer == "One moment.\nAt nine."


async def test_where_the_agent_said_nothing_or_the_same_there_is_nothing_to_correct(shop: Shop) -> None:
    received = await ask(shop, "When?", address="same")
    await reply(shop, received.conversation, shop.provider.text)
    unanswered = await shop.receive("Hello?", address="alone")
    await reply(shop, unanswered.conversation, "Hello.")
    assert set(await propose_owed(shop)) == {0}
    assert await corrections(shop) == []


async def test_a_forgotten_customers_texts_go_and_none_are_proposed_any_more(shop: Shop) -> None:
    late = await ask(shop, "Late?", address="late")
    await reply(shop, late.conversation, "A late secret.")
    late_commands = await owed_candidates(shop)
    received = await ask(shop, "My secret?", address="early")
    await reply(shop, received.conversation, "A secret.")
    (command,) = [each for each in await owed_candidates(shop) if each not in late_commands]
    parts = shop.parts

    async def propose(each) -> int:  # type: ignore[no-untyped-def]
        return await propose_candidate(
            each, shop.context, store=parts.store, keyring=parts.keyring, clock=parts.clock
        )

    assert await propose(command) > 0
    for address in ("early", "late"):
        said = await forget_customer(
            ForgetCustomer(channel="http", address=address), shop.context,
            store=parts.store, keyring=parts.keyring, clock=parts.clock,
        )  # fmt: skip
        for subject in said.conversations:
            await erase(Erase(subject=subject), shop.context, eraser=parts.eraser, cache=parts.cache)
    assert [await propose(each) for each in late_commands] == [0]
    (only,) = [each.event for each in await corrections(shop)]
    assert isinstance(only, Correction.Proposed)
    assert only.texts is None
    found = await parts.store.load(Correction, candidate_of(received.interaction), tenant=shop.context.tenant)
    assert found.state.status == "proposed"
