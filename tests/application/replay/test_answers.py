"""Recorded answers made again: zero differences as recorded; another agent's beside them, paid in a stream of its own."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from application.agents.agent import ConfigureAgent, configure_agent
from application.answers.wordings import WordPrompt, word_prompt
from application.budgets.budget import SetBudget, set_budget
from application.budgets.charges import compare_tallies
from application.chat.chat import chat
from application.chat.record import Chat
from application.learning.recorded import RecordedAnswer
from application.privacy.forget import ForgetCustomer, forget_customer
from application.replay.answers import ReplayAnswers, replay_answers
from application.replay.answers_report import AnswersReplay, replay_report
from domain.agents.agent import AgentConfiguration
from domain.answers.templates import ANSWER
from domain.answers.variant import Variant
from domain.audit.invariants import Invariants
from domain.base.errors import Invalid
from domain.budgets.budget import BudgetLimits
from domain.models.completion import Completion, CompletionRequest, Turn, Usage
from infra.providers.incoming import unheard
from tests.application.conftest import Played, Shop
from tests.application.retrieval.uploads import process, upload

MODEL, OTHER = "openai/gpt-6.1-terra", "openai/gpt-6-luna"


@dataclasses.dataclass
class Clerk(Played):
    """Cites the first passage, where there is one; another model answers otherwise."""

    name = "openai"

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        self.asked.append(request)
        sent()
        mark = " [1] [9]" if request.passages else ""
        text = f" To {request.questions[-1]!r} {request.model} says so. From nine to five.{mark} "
        return Completion(text=text, finish="stop", model=request.model, usage=Usage(input=100, output=20))


async def configure(shop: Shop, **fields: Any) -> None:
    await configure_agent(
        ConfigureAgent(configuration=AgentConfiguration(default_model=MODEL, **fields)),
        shop.context,
        store=shop.parts.store,
        catalogue=shop.parts.catalogue,
        clock=shop.parts.clock,
    )


async def replay(
    shop: Shop, source: Any = "as-recorded", completions: Any = "recorded", **more: Any
) -> AnswersReplay:
    command = ReplayAnswers(source=source, completions=completions, **more)
    head = await shop.parts.reads.head(shop.context.tenant)
    return await replay_answers(command, shop.context, shop.ports, head=head)


async def traffic(shop: Shop) -> None:
    """Two conversations and two calls, over two versions of everything that is set."""
    shop.provider = Clerk()
    await configure(shop, handoff_topics=("warranty",))
    document = await upload(shop)
    await process(shop, document.document)
    for text in ("When are you open?", "And on Sundays?", "What about the warranty?"):
        got = await shop.receive(text)
        await shop.answer(got.conversation)
    await configure(shop, tone="brief", handoff_topics=("warranty",), attribution=False)
    await word_prompt(
        WordPrompt(name=ANSWER.name, text=f"{ANSWER.texts['en']}\nAlways say please."),
        shop.context,
        store=shop.parts.store,
        clock=shop.parts.clock,
    )
    other = await shop.receive("I want to talk to a person", address="ben")
    await shop.answer(other.conversation)
    third = await shop.receive("When do you close?", address="cleo")
    await shop.answer(third.conversation)
    for model in ("agent", MODEL):
        messages = (Turn(role="user", text="When are you open?"),)
        await chat(Chat(id=shop.parts.ids(), model=model, messages=messages), shop.context, shop.ports)


async def test_as_recorded_with_recorded_completions_nothing_differs_and_nothing_is_written(
    shop: Shop,
) -> None:
    await traffic(shop)
    head, asked = await shop.parts.reads.head(shop.context.tenant), len(shop.provider.asked)
    found = await replay(shop)
    assert found.left_out == {}
    assert found.answers >= 6
    assert (found.differing, found.anew, found.rows) == (0, 0, ())
    shown = await replay(shop, Variant(configuration={"attribution": True}), completions="recorded")
    assert {row.differs for row in shown.rows} == {("answer",)}
    assert all(row.recorded.passages == row.replayed.passages != () for row in shown.rows)
    assert [row.recorded.text for row in shown.rows if "[" in (row.recorded.text or "")] == []
    assert found.recorded_cost == found.replayed_cost > 0
    assert (found.cost.difference, found.cost.p, found.likeness) == (0.0, 1.0, 1.0)
    assert await shop.parts.reads.head(shop.context.tenant) == head
    assert len(shop.provider.asked) == asked


async def test_another_prompt_needs_other_completions_and_a_configuration_may_decide_otherwise(
    shop: Shop,
) -> None:
    await traffic(shop)
    variant = Variant(configuration={"handoff_topics": ["opening", "open"]})
    found = await replay(shop, variant)
    assert found.anew == 1, "what was handed over before is answered now"
    decided = [row for row in found.rows if row.replayed.kind == "hand_over"]
    assert decided
    assert {row.recorded.kind for row in decided} == {"answer"}
    prompted = await replay(shop, Variant(configuration={"personality": ["curt"]}))
    assert prompted.anew > 0
    assert {row.why for row in prompted.rows if row.why} == {"the prompt is another"}


async def test_what_is_not_shown_is_not_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await traffic(shop)
    kept: list[int] = []

    def report(*facts: Any, **more: Any) -> AnswersReplay:
        gc.collect()  # what nobody has any more is not kept
        kept.append(sum(isinstance(each, RecordedAnswer) for each in gc.get_objects()))
        return replay_report(*facts, **more)

    monkeypatch.setattr("application.replay.answers.replay_report", report)
    variant = Variant(configuration={"personality": ["curt"]})
    whole = await replay(shop, variant)
    found = await replay(shop, variant, rows=1)
    assert kept == [0, 0]
    assert found.differing == whole.differing > 1
    assert (found.rows, found.rows_left_out) == (whole.rows[:1], whole.differing - 1)


async def test_models_that_are_asked_are_paid_in_a_stream_of_the_replays_own(shop: Shop) -> None:
    await traffic(shop)
    store, tenant = shop.parts.store, shop.context.tenant
    before = await shop.parts.reads.head(tenant)
    found = await replay(shop, Variant(model=OTHER), "ask", since=None)
    assert found.differing > 0
    assert found.stopped is None
    assert found.replayed_cost < found.recorded_cost
    assert found.cost.difference < 0
    row = next(row for row in found.rows if "answer" in row.differs and row.replayed.text)
    assert OTHER.partition("/")[2] in (row.replayed.text or "")
    written = [recorded async for recorded in store.events(tenant, after=before)]
    kinds = {recorded.topic.partition(".")[0] for recorded in written}
    assert kinds == {"replay"}
    assert {recorded.stream for recorded in written} == {found.asked}
    assert await compare_tallies(tenant, store=store) == {}


async def test_a_budget_holds_for_replays_too_and_ends_them(shop: Shop) -> None:
    await traffic(shop)
    await set_budget(
        SetBudget(limits=BudgetLimits(day=Decimal("0.000001"))),
        shop.context,
        store=shop.parts.store,
        clock=shop.parts.clock,
    )
    await shop.parts.store.reach(shop.context.tenant, await shop.parts.reads.head(shop.context.tenant))
    asked = len(shop.provider.asked)
    found = await replay(shop, Variant(model=OTHER), "ask", at_once=1)
    assert found.stopped is not None
    assert "the budget of" in found.stopped
    assert [each for each in shop.provider.asked[asked:] if each.model == OTHER.partition("/")[2]] == []
    invariants = Invariants()
    invariants.fold([recorded async for recorded in shop.parts.store.events(shop.context.tenant)])
    assert invariants.violations == []


async def test_what_was_erased_is_left_out_and_counted(shop: Shop) -> None:
    await traffic(shop)
    whole = await replay(shop)
    got = await shop.receive("Thanks", address="cleo")
    parts = shop.parts
    await forget_customer(
        ForgetCustomer(channel="http", address="cleo"),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        clock=parts.clock,
    )
    await parts.eraser.erase(shop.context.tenant, got.conversation)
    found = await replay(shop)
    assert found.left_out == {"its customer was erased": 1}
    assert (found.answers, found.differing) == (whole.answers - 1, 0)


async def test_a_period_that_is_none_is_refused(shop: Shop) -> None:
    now = shop.parts.clock()
    with pytest.raises(Invalid, match="since"):
        await replay(shop, since=now, until=now)
