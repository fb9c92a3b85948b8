"""Which of several offers of the catalogue a customer means: asked, understood, on record; with the real log."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from application.conversations.answer import AnswerGiven
from application.ports import Unavailable
from domain.agents.agent import AgentConfiguration
from domain.answers.decision import conclude, decide
from domain.answers.templates import CHOOSE
from domain.conversations.conversation import Conversation
from domain.conversations.situation import situation_of
from domain.shop.catalogue import Catalogue, Offered
from domain.shop.product import ProductFacts
from tests.application.conftest import Shop

NAMES = ("Enamel mug, red", "Enamel mug, blue", "Alta tent")


class Held:
    """Implements `Offers`."""

    def __init__(self, *names: str) -> None:
        self._offered = [
            Offered(
                kind="product",
                id=uuid4(),
                position=1,
                created_at=datetime.now(UTC),
                facts=ProductFacts(name=name, price=Decimal(10), currency="EUR"),
            )
            for name in names
        ]

    async def get(self, tenant: UUID, at_least: int | None = None) -> Catalogue:
        return Catalogue(self._offered)


class Behind:
    async def get(self, tenant: UUID, at_least: int | None = None) -> Catalogue:
        raise Unavailable("the read model is behind")


@pytest.fixture(name="mugs")
def _mugs(shop: Shop) -> Shop:
    shop.parts = dataclasses.replace(shop.parts, offers=Held(*NAMES))
    return shop


async def say(shop: Shop, text: str) -> AnswerGiven:
    received = await shop.receive(text)
    given = await shop.answer(received.conversation)
    assert given is not None
    return given


async def test_the_customer_is_asked_which_is_meant_in_their_language_and_the_choice_is_answered(
    mugs: Shop,
) -> None:
    asked = await say(mugs, "Wie viel kostet der Enamel mug, bitte?")
    assert asked.event.text.endswith("Welches meinen Sie?\n1. Enamel mug, red\n2. Enamel mug, blue")
    assert (asked.event.decision.category, asked.event.template) == ("choice", CHOOSE.id)
    assert mugs.provider.asked == []
    given = await say(mugs, "den blauen, also blue")
    assert given.event.decision.category == "confirmed"
    (request,) = mugs.provider.asked
    assert request.questions == ("Enamel mug, blue: Wie viel kostet der Enamel mug, bitte?",)
    assert "Enamel mug, blue" in request.prompt[-1].text


async def test_what_was_decided_is_decided_again_from_the_log(mugs: Shop) -> None:
    for text in ("How much is the mug?", "the second one", "How much is the mug again?", "Where are you?"):
        given = await say(mugs, text)
    folded: Conversation | None = None
    again: list[str | None] = []
    for recorded in await mugs.events(given.conversation):
        event = recorded.event
        if isinstance(event, Conversation.Answered):
            assert folded is not None
            assert folded.pending is not None
            assert event.understanding is not None
            situation, _ = situation_of(folded.state, folded.pending, AgentConfiguration())
            questions = [message.text for message in folded.pending.messages]
            plan = decide(event.understanding, situation, questions, AgentConfiguration())
            assert (
                conclude(plan, situation, AgentConfiguration(), confidence=event.confidence) == event.decision
            )
            again.append(event.decision.category)
        folded = Conversation.replay([event], folded)
    assert again[:2] == ["choice", "confirmed"]
    assert again[3] is None


async def test_what_is_named_is_kept_in_mind_and_no_more_asked(mugs: Shop) -> None:
    first = await say(mugs, "What is the blue enamel mug made of?")
    assert first.event.remembered is not None
    assert first.event.remembered.product == "Enamel mug, blue"
    second = await say(mugs, "How much is the mug?")
    assert second.event.decision.kind == "answer"


async def test_an_answer_does_not_wait_for_a_catalogue_that_can_not_be_read(shop: Shop) -> None:
    shop.parts = dataclasses.replace(shop.parts, offers=Behind())
    given = await say(shop, "How much is the mug?")
    assert given.event.decision.kind == "answer"
    assert given.event.understanding is not None
    assert given.event.understanding.offers == ()
