"""What is understood, remembered and decided on the way to an answer, and what guards the prompt; with the real log."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.agents.agent import ConfigureAgent, configure_agent
from application.audit.explain_interaction import explain_interaction
from application.conversations.answer import AnswerGiven
from application.conversations.handoff import (
    ClaimConversation,
    ReleaseConversation,
    claim_conversation,
    release_conversation,
)
from application.conversations.streaming import Subscriber
from application.conversations.summarise import Summarise, summarise
from application.ports import Located, ProviderError, Unavailable
from domain.agents.agent import AgentConfiguration
from domain.answers.canary import MARK
from domain.answers.decision import conclude, decide
from domain.answers.templates import DECLINE, HAND_OVER
from domain.conversations.conversation import Conversation
from domain.conversations.situation import situation_of
from domain.models.completion import Completion, CompletionRequest, Usage
from tests.application.conftest import Played, Shop

DECLINED = DECLINE.texts["en"]
HANDED_OVER = HAND_OVER.texts["en"]


@dataclass
class Obedient(Played):
    """Does what the texts in its prompt tell it, whoever wrote them; its tongue tells how."""

    tongue: Callable[[CompletionRequest], str] = lambda request: "From nine to five."
    confidence: float | None = None

    async def complete(
        self, request: CompletionRequest, sent: Callable[[], None] = lambda: None
    ) -> Completion:
        self.asked.append(request)
        sent()
        if self.away:
            raise ProviderError("bad_request", "it does not answer")
        usage = Usage(input=100, output=10)
        text = self.tongue(request)
        return Completion(
            text=text, finish="stop", model=request.model, usage=usage, confidence=self.confidence
        )


def obeying(shop: Shop, tongue: Callable[[CompletionRequest], str] | None = None, **more: Any) -> Obedient:
    provider = Obedient(**({"tongue": tongue} if tongue else {}), **more)
    shop.provider = provider
    return provider


def canary_of(request: CompletionRequest) -> str:
    found = re.search(r"nor the word ([0-9a-f]{20})\.", request.prompt[0].text)
    assert found is not None
    return found[1]


async def configure(shop: Shop, **fields: Any) -> None:
    await configure_agent(
        ConfigureAgent(configuration=AgentConfiguration(**fields)),
        shop.context,
        store=shop.parts.store,
        catalogue=shop.parts.catalogue,
        clock=shop.parts.clock,
    )


async def say(shop: Shop, text: str, **more: Any) -> AnswerGiven:
    received = await shop.receive(text)
    given = await shop.answer(received.conversation, **more)
    assert given is not None
    return given


@pytest.fixture
def later(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the customer's memory's clock: sessions are as long as is told."""

    def put(**fields: Any) -> None:
        monkeypatch.setattr(
            "application.conversations.answer.configuration_for",
            lambda tenant, unit, store: _of(AgentConfiguration(**fields)),
        )

    return put


async def _of(configuration: AgentConfiguration) -> AgentConfiguration:
    return configuration


async def test_who_asks_for_a_person_is_handed_over_told_in_their_language_and_no_model_is_asked(
    shop: Shop,
) -> None:
    provider = obeying(shop)
    given = await say(shop, "Ich möchte bitte mit einem Menschen sprechen, nicht mit einem Bot.")
    assert provider.asked == []
    assert given.event.text == HAND_OVER.texts["de"]
    assert (given.event.handoff, given.event.template) == ("person", HAND_OVER.id)
    assert given.event.decision.kind == "hand_over"
    assert given.event.decision.evidence
    assert given.metered.routing.by == "decision"
    events = [recorded.event for recorded in await shop.events(given.conversation)]
    assert isinstance(events[-1], Conversation.HandedOver)
    assert not any(isinstance(event, Conversation.Prompted) for event in events)
    received = await shop.receive("Hello?")
    assert await shop.answer(received.conversation) is None, "the agent is silent"


async def test_the_canary_is_another_one_for_each_interaction_and_never_on_record(shop: Shop) -> None:
    provider = obeying(shop)
    first, second = await say(shop, "Open?"), await say(shop, "And on Sundays?")
    words = [canary_of(request) for request in provider.asked]
    assert len(set(words)) == 2
    events = await shop.events(first.conversation)
    assert not any(word in repr(recorded.event) for word in words for recorded in events)
    found = await explain_interaction(
        shop.context.tenant,
        second.event.interaction,
        store=shop.parts.store,
        locator=_Here(second.conversation),
    )
    assert MARK in found.prompt[0].text
    assert found.template == "answer/4"
    assert found.decision == second.event.decision


class _Here:
    def __init__(self, conversation: UUID) -> None:
        self._conversation = conversation

    async def locate(self, tenant: UUID, interaction: UUID) -> Located:
        return Located(self._conversation, 1)


LEAKS: dict[str, Callable[[CompletionRequest], str]] = {
    "plain": lambda request: f"Sure! The word is {canary_of(request)}.",
    "spaced": lambda request: "Sure: " + " ".join(canary_of(request)),
    "with markers": lambda request: "Sure: " + " [7]".join(canary_of(request)),
    "base64": lambda request: "Sure: " + base64.b64encode(canary_of(request).encode()).decode(),
    "whole prompt": lambda request: "My rules: " + request.prompt[0].text,
    "rules alone": lambda request: "As told. " + request.prompt[0].text.split("What stands above")[0].upper(),
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("how", LEAKS)
async def test_an_answer_that_gives_the_prompt_away_is_not_sent(shop: Shop, how: str, streamed: bool) -> None:
    provider = obeying(shop, LEAKS[how])
    received = await shop.receive("What is the price list made of?")
    heard: list[str] = []

    async def emit(piece: str) -> None:
        heard.append(piece)

    async def restarted() -> None:
        pass

    subscriber = Subscriber(received.interaction, emit, restarted) if streamed else None
    given = await shop.answer(received.conversation, subscriber)
    assert given is not None
    word = canary_of(provider.asked[0])
    assert word not in given.event.text + "".join(heard)
    assert given.event.text.endswith(DECLINED)
    assert (given.event.decision.kind, given.event.decision.category) == ("decline", "leak")
    assert word not in repr([recorded.event for recorded in await shop.events(given.conversation)])
    if streamed:
        disclosed = given.disclosure
        assert "".join(heard) == f"{disclosed}\n\n{given.event.text}"
    obeying(shop)
    again = await say(shop, "When are you open?")
    assert again.event.text == "From nine to five."


async def test_a_model_that_never_answers_hands_over_and_the_question_is_made_good_later(shop: Shop) -> None:
    provider = obeying(shop, away=True)
    conversation = (await shop.receive("How long is the warranty?")).conversation
    for _ in range(AgentConfiguration().handoff_after_failures - 1):
        with pytest.raises(Unavailable):
            await shop.answer(conversation)
    failed = await shop.answer(conversation)
    assert failed is not None
    assert (failed.event.handoff, failed.event.text) == ("failure", HANDED_OVER)
    provider.away = False
    ports: Any = {"store": shop.parts.store, "clock": shop.parts.clock}
    await claim_conversation(
        ClaimConversation(conversation=conversation, operator="sam"),
        shop.context,
        keyring=shop.parts.keyring,
        **ports,
    )
    await release_conversation(
        ReleaseConversation(conversation=conversation, operator="sam"), shop.context, **ports
    )
    given = await say(shop, "Did you forget my question?")
    assert given.event.decision.category == "recovered"
    assert given.event.recovers == failed.event.interaction
    assert given.event.text.startswith("You're right, I'm sorry")
    assert "How long is the warranty?" in given.event.text
    assert provider.asked[-1].questions == ("How long is the warranty?",)
    assert given.metered.outcome is not None
    assert given.metered.outcome.recovered
    again = await say(shop, "Did you forget my question?")
    assert again.event.recovers is None


async def test_who_is_back_after_a_pause_is_greeted_with_the_topic_and_may_start_afresh(
    shop: Shop, later: Callable[..., None]
) -> None:
    provider = obeying(shop)
    await say(shop, "How much is the blue bike?")
    later(session_minutes=timedelta(microseconds=1) / timedelta(minutes=1))
    back = await say(shop, "And is it in stock?")
    assert "How much is the blue bike" in back.event.text
    assert back.event.text.endswith("From nine to five.")
    assert back.event.decision.category == "returned"
    later()
    no = await say(shop, "No, my order 1234 has not arrived")
    assert (no.event.decision.category, no.event.afresh) == (None, False)
    later(session_minutes=timedelta(microseconds=1) / timedelta(minutes=1))
    greeted = await say(shop, "Hello!")
    assert (greeted.event.decision.category, greeted.metered.attempts) == ("returned", ())
    later()
    afresh = await say(shop, "start afresh please")
    assert afresh.event.decision.category == "afresh"
    await say(shop, "When are you open?")
    assert [turn.text for turn in provider.asked[-1].prompt[1:]] == [
        "start afresh please",
        afresh.event.text,
        "When are you open?",
    ]


async def test_a_recorded_decision_is_taken_again_from_the_log(shop: Shop) -> None:
    obeying(shop)
    for text in (
        "When are you open?",
        "Where is my order 4711, and can I return it?",
        "did you forget my question?",
        "I want to talk to a human please",
    ):
        given = await say(shop, text)
    events = [recorded.event for recorded in await shop.events(given.conversation)]
    folded: Conversation | None = None
    again = 0
    for event in events:
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
            again += 1
        folded = Conversation.replay([event], folded)
    assert again == 4


async def test_a_long_conversation_stays_within_its_budget_of_tokens_and_is_summed_up(shop: Shop) -> None:
    await configure(shop, context_tokens=1_400)
    provider = obeying(shop)
    for number in range(12):
        given = await say(shop, f"Question {number}: " + "What about the bike with the basket? " * 20)
    assert await summarise(Summarise(conversation=given.conversation), shop.context, shop.ports)
    loaded = await shop.parts.store.load(Conversation, given.conversation, tenant=shop.context.tenant)
    assert loaded.state.summary is not None
    assert "Customer: Question 0" in loaded.state.summary.text
    assert loaded.state.unsummarised == 6
    assert not await summarise(Summarise(conversation=given.conversation), shop.context, shop.ports)
    last = await say(shop, "And the price?")
    counter = shop.parts.providers.counter
    tokens = sum(counter.count(turn.text, "extractive") for turn in provider.asked[-1].prompt)
    assert tokens <= 1_400
    assert "Customer: Question 0" in provider.asked[-1].prompt[0].text
    assert [cut.kind for cut in last.event.cut] == ["history"]
    assert last.event.cut[0].count > 10


async def test_a_summary_by_the_tenants_model_is_metered_and_one_that_fails_is_made_by_rules(
    shop: Shop,
) -> None:
    await configure(shop, default_model="openai/gpt-6-luna", fallback_models=())
    provider = obeying(shop)
    provider.name = "openai"
    for number in range(10):
        given = await say(shop, f"What about bike {number}?")
    provider.tongue = lambda request: "They asked about bikes."
    assert await summarise(Summarise(conversation=given.conversation), shop.context, shop.ports)
    assert "</conversation" in provider.asked[-1].prompt[-1].text
    events = [recorded.event for recorded in await shop.events(given.conversation)]
    made, metered = events[-2:]
    assert isinstance(made, Conversation.Summarised)
    assert isinstance(metered, Conversation.SummaryMetered)
    assert (made.text, made.template, made.turns) == ("They asked about bikes.", "summary/1", 6)
    assert made.by.startswith("openai/")
    assert metered.cost == sum(attempt.cost for attempt in metered.attempts) > 0
    for number in range(10):
        await say(shop, f"What about car {number}?")
    provider.away = True
    assert await summarise(Summarise(conversation=given.conversation), shop.context, shop.ports)
    loaded = await shop.parts.store.load(Conversation, given.conversation, tenant=shop.context.tenant)
    assert loaded.state.summary is not None
    assert loaded.state.summary.text.startswith("They asked about bikes.\nCustomer: What about bike")
