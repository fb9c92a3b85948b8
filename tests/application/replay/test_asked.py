"""Replays that ask models: what is killed on the way is charged once and not asked again, and whoever goes on with it comes to the same report."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.agents.agent import ConfigureAgent, configure_agent
from application.budgets.budget import SetBudget, set_budget
from application.budgets.charges import compare_tallies
from application.chat.chat import chat
from application.chat.record import Chat
from application.ports import Saved
from application.privacy.forget import ForgetCustomer, forget_customer
from application.replay.answers import ReplayAnswers, ResumeReplay, replay_answers, resume_replay
from application.replay.answers_report import AnswersReplay
from application.replay.ledger import REPLAY_WORK, close_replay
from application.replay.replaying import LOST
from domain.agents.agent import AgentConfiguration
from domain.answers.variant import Variant
from domain.audit.invariants import Invariants
from domain.base.errors import Refused
from domain.budgets.budget import BudgetLimits
from domain.models.completion import Completion, CompletionRequest, Turn, Usage
from domain.replay.answer_replay import AnswerReplay
from infra.providers.incoming import unheard
from tests.application.conftest import Played, Shop, nothing
from tests.application.dying import Dying, hanging, killed_at_the_wire

MODEL, OTHER = "openai/gpt-6.1-terra", "openai/gpt-6-luna"


class Killed(BaseException):
    """The process is no more."""


@dataclass
class Clerk(Played):
    """`heard`: what the other model was asked, by question."""

    name = "openai"
    heard: Counter[str] = field(default_factory=Counter)

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        question = request.questions[-1]
        if request.model == OTHER.partition("/")[2]:
            self.heard[question] += 1
        sent()
        await self.meanwhile()
        text = f"To {question!r} {request.model} says: from nine to five."
        return Completion(text=text, finish="stop", model=request.model, usage=Usage(input=100, output=20))


class Mortal:
    """A store that dies at its `last` save: before it, or after it, when nobody hears of it any more."""

    def __init__(self, store: Any, last: int, *, after: bool) -> None:
        self._store, self._left, self._after = store, last, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def save(self, *aggregates: Any, **facts: Any) -> Saved:
        self._left -= 1
        if self._left > 0:
            saved: Saved = await self._store.save(*aggregates, **facts)
            return saved
        if self._left == 0 and self._after:
            await self._store.save(*aggregates, **facts)
        raise Killed

    async def change(self, *facts: Any, **more: Any) -> Any:
        if self._left <= 0:
            raise Killed
        return await self._store.change(*facts, **more)


async def traffic(shop: Shop, answers: int) -> Clerk:
    clerk = shop.provider = Clerk()
    await configure_agent(
        ConfigureAgent(configuration=AgentConfiguration(default_model=MODEL, retrieve_documents=False)),
        shop.context,
        store=shop.parts.store,
        catalogue=shop.parts.catalogue,
        clock=shop.parts.clock,
    )
    for number in range(answers - 1):
        got = await shop.receive(f"Question {number}?", address=f"customer {number}")
        await shop.answer(got.conversation)
    messages = (Turn(role="user", text=f"Question {answers - 1}?"),)
    await chat(Chat(id=shop.parts.ids(), model="agent", messages=messages), shop.context, shop.ports)
    return clerk


async def ask(shop: Shop, **more: Any) -> AnswersReplay:
    command = ReplayAnswers(source=Variant(model=OTHER), completions="ask", **more)
    head = await shop.parts.reads.head(shop.context.tenant)
    return await replay_answers(command, shop.context, shop.ports, head=head)


async def resume(shop: Shop, id: UUID) -> AnswersReplay:
    return await resume_replay(ResumeReplay(replay=id), shop.context, shop.ports)


async def killed(shop: Shop, last: int, *, after: bool, id: UUID | None = None) -> UUID:
    """A run that dies at its `last` save; which replay it was."""
    begun: list[UUID] = []
    mortal = replace(shop, parts=replace(shop.parts, store=Mortal(shop.parts.store, last, after=after)))
    if id is not None:
        with pytest.raises(Killed):
            await resume(mortal, id)
        return id
    head = await shop.parts.reads.head(shop.context.tenant)
    command = ReplayAnswers(source=Variant(model=OTHER), completions="ask")
    with pytest.raises(Killed):
        await replay_answers(command, shop.context, mortal.ports, head=head, begun=begun.append)
    return begun[0]


async def recorded(shop: Shop, id: UUID, kind: Any) -> list[Any]:
    events = [each.event async for each in shop.parts.store.stream(shop.context.tenant, id)]
    return [event for event in events if isinstance(event, kind)]


async def books_agree(shop: Shop) -> None:
    tenant, store = shop.context.tenant, shop.parts.store
    assert await compare_tallies(tenant, store=store) == {}
    invariants = Invariants()
    invariants.fold([each async for each in store.events(tenant)])
    assert invariants.violations == []


def comparable(found: AnswersReplay) -> Any:
    """Without what the clock has to say, and which replay it was."""
    plain = msgspec.to_builtins(found)
    del plain["latency_ms"], plain["asked"]
    for row in plain["rows"]:
        del row["replayed"]["latency_ms"]
    return plain


async def test_whoever_goes_on_pays_nothing_twice_wherever_it_was_killed(shop: Shop, seed: int) -> None:
    answers, chance = 12, random.Random(seed)
    clerk = await traffic(shop, answers)
    id = await killed(shop, chance.randint(2, 8), after=chance.random() < 0.5)
    for _ in range(3):
        await killed(shop, chance.randint(1, 6), after=chance.random() < 0.5, id=id)
    found = await resume(shop, id)
    lost = await recorded(shop, id, AnswerReplay.TrialInterrupted)
    made = await recorded(shop, id, AnswerReplay.Metered)
    assert len({event.replayed for event in (*lost, *made)}) == len(lost) + len(made) == answers
    assert max(clerk.heard.values()) == 1
    assert sum(clerk.heard.values()) <= answers
    assert found.answers == len(made)
    assert found.left_out == ({LOST: len(lost)} if lost else {})
    assert all(event.cost > 0 for event in lost)
    assert found.replayed_cost == sum(event.cost for event in made)
    heard = clerk.heard.copy()
    assert comparable(await resume(shop, id)) == comparable(found)
    assert clerk.heard == heard
    await books_agree(shop)


async def test_a_call_to_understand_whose_process_is_killed_in_it_is_charged_once_and_not_asked_again(
    shop: Shop,
) -> None:
    clerk = await traffic(shop, 3)
    reading = Variant(model=OTHER, configuration={"understanding_model": OTHER})
    command = ReplayAnswers(source=reading, completions="ask")
    head = await shop.parts.reads.head(shop.context.tenant)
    begun, hung, store = list[UUID](), asyncio.Event(), Dying(shop.parts.store)
    clerk.meanwhile = hanging(hung)
    ports = replace(shop.ports, store=store, reservation_pool=None)
    going = replay_answers(command, shop.context, ports, head=head, begun=begun.append)
    await killed_at_the_wire(store, going, hung)
    clerk.meanwhile = nothing
    found = await resume(shop, begun[0])
    lost = await recorded(shop, begun[0], AnswerReplay.TrialInterrupted)
    assert lost
    for each in lost:
        (call,) = each.attempts
        assert (call.outcome, each.cost) == ("cancelled", call.cost)
        assert call.cost > 0
    made = await recorded(shop, begun[0], AnswerReplay.Metered)
    assert (found.answers, len(made)) == (3 - len(lost), 3 - len(lost))
    assert len({each.replayed for each in (*made, *lost)}) == 3
    await books_agree(shop)


async def test_the_report_of_one_that_is_gone_on_with_is_that_of_one_that_was_left_alone(shop: Shop) -> None:
    clerk = await traffic(shop, 4)
    alone = await ask(shop)
    assert alone.asked is not None
    assert (alone.answers, alone.differing, clerk.heard.total()) == (4, 4, 4)
    assert comparable(await resume(shop, alone.asked)) == comparable(alone)
    assert clerk.heard.total() == 4


async def test_a_replay_that_nobody_goes_on_with_is_charged_once_by_work(shop: Shop) -> None:
    await traffic(shop, 2)
    parts, tenant = shop.parts, shop.context.tenant
    id = await killed(shop, 2, after=True)
    assert (REPLAY_WORK, id.hex) in await shop.owed()
    for _ in range(2):
        await close_replay(id, shop.context, store=parts.store, clock=parts.clock)
    (lost,) = await recorded(shop, id, AnswerReplay.TrialInterrupted)
    replay = await parts.store.load(AnswerReplay, id, tenant=tenant)
    assert (replay.state.open, replay.state.cost) == ({}, lost.cost)
    assert lost.cost > 0
    await books_agree(shop)


async def test_one_that_still_runs_makes_no_other_answer_once_somebody_goes_on(shop: Shop) -> None:
    clerk = await traffic(shop, 3)
    begun, resumed = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def wait() -> None:
        clerk.meanwhile = nothing_more
        await resumed.wait()

    async def nothing_more() -> None:
        pass

    clerk.meanwhile = wait
    head = await shop.parts.reads.head(shop.context.tenant)
    command = ReplayAnswers(source=Variant(model=OTHER), completions="ask", at_once=1)
    first = asyncio.create_task(
        replay_answers(command, shop.context, shop.ports, head=head, begun=begun.set_result)
    )
    id = await begun
    while not clerk.heard:
        await asyncio.sleep(0.01)
    second = await resume(shop, id)
    assert (second.answers, second.left_out) == (2, {LOST: 1})
    resumed.set()
    with pytest.raises(Refused, match="another process has gone on"):
        await first
    assert clerk.heard.total() == 3
    late = [event for event in await recorded(shop, id, AnswerReplay.Metered) if event.answer is None]
    assert [event.cost > 0 for event in late if event.attempts] == [True], "what it has cost counts"
    await books_agree(shop)


async def test_what_is_cut_off_by_hand_is_metered_as_it_was_and_asked_again(shop: Shop) -> None:
    clerk = await traffic(shop, 2)
    begun: list[UUID] = []

    async def stopped() -> None:
        raise Killed

    clerk.meanwhile = stopped
    head = await shop.parts.reads.head(shop.context.tenant)
    command = ReplayAnswers(source=Variant(model=OTHER), completions="ask", at_once=1)
    with pytest.raises(Killed):
        await replay_answers(command, shop.context, shop.ports, head=head, begun=begun.append)
    clerk.meanwhile = Played().meanwhile
    found = await resume(shop, begun[0])
    assert (found.answers, found.left_out) == (2, {})
    assert await recorded(shop, begun[0], AnswerReplay.TrialInterrupted) == []
    await books_agree(shop)


async def test_one_that_the_budget_has_ended_goes_on_when_there_is_room(shop: Shop) -> None:
    await traffic(shop, 3)
    await limit(shop, "0.000001")
    found = await ask(shop, at_once=1)
    assert found.stopped is not None
    assert found.answers == 0
    await limit(shop, "100")
    assert found.asked is not None
    again = await resume(shop, found.asked)
    assert (again.answers, again.stopped) == (3, None)


async def test_texts_go_with_their_customers(shop: Shop) -> None:
    await traffic(shop, 3)
    found = await ask(shop)
    assert found.asked is not None
    texts = {event.answer.text for event in await recorded(shop, found.asked, AnswerReplay.Metered)}
    assert len(texts) == 3
    got = await shop.receive("Thanks", address="customer 0")
    parts = shop.parts
    await forget_customer(
        ForgetCustomer(channel="http", address="customer 0"),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        clock=parts.clock,
    )
    await parts.eraser.erase(shop.context.tenant, got.conversation)
    left = [event.answer.text for event in await recorded(shop, found.asked, AnswerReplay.Metered)]
    assert left.count(None) == 1
    assert not any("Question 0" in (text or "") for text in left)
    again = await resume(shop, found.asked)
    assert (again.answers, again.left_out) == (2, {"its customer was erased": 1})


async def limit(shop: Shop, day: str) -> None:
    parts = shop.parts
    await set_budget(
        SetBudget(limits=BudgetLimits(day=Decimal(day))), shop.context, store=parts.store, clock=parts.clock
    )
    await parts.store.reach(shop.context.tenant, await parts.reads.head(shop.context.tenant))
