from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
import pytest_asyncio

from application.agents.agent import ConfigureAgent, configuration_of, configure_agent
from application.budgets.budget import SetBudget, set_budget
from application.chat.chat import ChatFailed, chat
from application.chat.record import Chat
from application.conversations.answer import Answer, answer
from application.conversations.conversation import ReceiveMessage, receive_message
from application.gateway.policy import ConfigureRouting, configure_routing
from application.gateway.providers import Providers
from application.ports import Unavailable
from application.replay.redecide import Source
from application.replay.routing import ReplayRouting, replay_routing
from application.replay.routing_report import RoutingReplay
from application.retrieval.embedding.metered import MeteredEmbedder
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.agents.agent import AgentConfiguration
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.base.recorded import Recorded
from domain.budgets.budget import BudgetExhausted, BudgetLimits
from domain.conversations.conversation import Conversation
from domain.gateway.policy import RoutingPolicy, Target, Thresholds, Tiers
from domain.models.completion import Turn
from domain.models.pricing import cost
from infra.ids import uuid7
from infra.providers.catalogue import load_catalogue
from tests.application.played import PlayedHealth, PlayedPorts, Scripted, played
from tests.infra.log.parts import Log, log_on

CATALOGUE = load_catalogue()
SIMPLE = "When are you open?"
WEIGHING = "Could you compare the two plans for me?"
COMPLEX = (
    "Compare the three plans for a team of 15, analyse what each costs over 24 months, and calculate which is the "
    "cheapest with 40 users: step by step, please."
)


def now() -> datetime:
    return datetime.now(UTC)


def policy(simple: str, default: str, hard: str, **more: Any) -> RoutingPolicy:
    def target(model: str) -> Target:
        provider, _, name = model.partition("/")
        return Target(provider=provider, model=name, reason="because")

    tiers = Tiers(
        simple_queries=target(simple),
        default=target(default),
        complex_reasoning=target(hard),
        large_context=target(default),
    )
    return RoutingPolicy(tiers=tiers, **more)


FIRST = policy("openai/gpt-6-luna", "openai/gpt-6.1-terra", "openai/gpt-6.1-sol")
SECOND = policy(
    "gemini/gemini-2.5-flash-lite",
    "openai/gpt-6.1-terra",
    "openai/gpt-6.1-sol",
    thresholds=Thresholds(simple_below=0.5, complex_above=0.6),
)
ALL_LUNA = policy(*["openai/gpt-6-luna"] * 3)


@dataclass
class Desk:
    """A tenant whose customers and apps ask, and whose providers are played."""

    log: Log
    tenant: UUID
    providers: Providers
    openai: Scripted
    health: PlayedHealth = field(default_factory=PlayedHealth)

    @property
    def context(self) -> Context:
        return Context(tenant=self.tenant, actor="key:test", correlation=uuid4())

    async def settings(self, default: str, *fallbacks: str) -> None:
        configuration = AgentConfiguration(
            default_model=default, fallback_models=fallbacks, retrieve_documents=False
        )
        await configure_agent(
            ConfigureAgent(configuration=configuration),
            self.context,
            store=self.log.store,
            catalogue=CATALOGUE,
            clock=now,
        )

    async def policy(self, policy: RoutingPolicy) -> None:
        await configure_routing(
            ConfigureRouting(policy=policy),
            self.context,
            store=self.log.store,
            catalogue=CATALOGUE,
            clock=now,
        )

    async def ask(self, *texts: str, customer: str = "anna") -> None:
        """A burst, answered at once."""
        for text in texts:
            received = await receive_message(
                ReceiveMessage(channel="http", address=customer, text=text),
                self.context,
                self.ports,
            )
        with suppress(Unavailable):
            await answer(Answer(conversation=received.conversation), self.context, self.ports)

    @property
    def ports(self) -> PlayedPorts:
        """Nothing is looked for here."""
        catalogue, store = self.providers.catalogue, self.log.store
        nothing = cast(Any, None)
        embedder = MeteredEmbedder(
            embedders=nothing,
            kept=nothing,
            keyring=self.log.keyring,
            catalogue=catalogue,
            store=store,
            clock=now,
            ids=uuid7,
            cache=nothing,
            health=nothing,
        )
        return PlayedPorts(
            store=store, keyring=self.log.keyring, embedder=embedder, providers=self.providers, clock=now
        )

    async def call(self, model: str, *turns: str) -> None:
        """Turns of user and assistant, one after the other."""
        roles = ["user", "assistant"] * len(turns)
        messages = tuple(
            Turn(role=cast(Any, role), text=text) for role, text in zip(roles, turns, strict=False)
        )
        with suppress(ChatFailed, BudgetExhausted):
            await chat(
                Chat(id=uuid7(), model=model, messages=messages),
                self.context,
                self.ports,
            )

    async def events(self) -> list[Recorded]:
        return [recorded async for recorded in self.log.store.events(self.tenant)]

    async def metered(self) -> list[Any]:
        return [r.event for r in await self.events() if r.topic.endswith(".metered")]

    async def replay(self, source: Source, **more: Any) -> RoutingReplay:
        before = await self.events()
        configuration, _ = await configuration_of(self.tenant, store=self.log.store)
        found = await replay_routing(
            ReplayRouting(source=source, **more),
            self.tenant,
            head=len(before),
            configuration=configuration,
            store=self.log.store,
            catalogue=CATALOGUE,
            counter=self.providers.counter,
        )
        assert await self.events() == before
        msgspec.json.encode(found)
        return found


@pytest_asyncio.fixture(scope="module", name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


@pytest_asyncio.fixture
async def desk(log: Log) -> Desk:
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid7
    )
    openai, health = Scripted("openai", "ok"), PlayedHealth()
    others = (Scripted("gemini", "ok"), Scripted("local", "ok"))
    providers = played(openai, *others, catalogue=CATALOGUE, health=health)
    desk = Desk(log, made.tenant, providers, openai, health)
    await desk.settings("openai/gpt-5.6-terra", "gemini/gemini-2.5-flash-lite")
    return desk


async def fresh() -> None:
    """What was set holds for everybody after a second."""
    await asyncio.sleep(1.1)


async def busy(desk: Desk) -> None:
    """Everything that can happen to a decision."""
    await desk.ask(SIMPLE)  # no policy yet
    await desk.settings("openai/gpt-6.1-sol", "gemini/gemini-2.5-flash-lite")
    await fresh()
    await desk.ask(COMPLEX, customer="ben")  # another default model
    await desk.policy(FIRST)
    await fresh()
    await desk.ask(SIMPLE, "Why is that?", WEIGHING)  # a burst in a conversation that goes on
    await desk.ask(COMPLEX)
    await desk.call("auto", SIMPLE)
    await desk.call("agent", "Hello", "Hello!", COMPLEX)
    await desk.call("openai/gpt-4o", COMPLEX)  # pinned
    desk.health.sick["openai/gpt-6-luna"] = "it is down"
    await desk.ask(SIMPLE, customer="carl")  # passed over: another one answers
    desk.health.sick.clear()
    await desk.policy(SECOND)
    await fresh()
    await desk.ask("word " * 1500, customer="dora")
    await desk.call("auto", "word " * 100_001)  # a large context
    await desk.ask(WEIGHING, customer="dora")
    budget = BudgetLimits(day=Decimal("0.000001"), month=None, soft=(), on_hard="degrade")
    await set_budget(SetBudget(limits=budget), desk.context, store=desk.log.store, clock=now)
    await fresh()
    await desk.ask(COMPLEX, customer="emil")  # the budget is gone
    await desk.call("openai/gpt-4o", SIMPLE)


async def test_as_recorded_no_decision_differs(desk: Desk) -> None:
    await busy(desk)
    by = [event.routing.by for event in await desk.metered()]
    assert set(by) == {"configuration", "score", "pinned", "large_context", "budget"}
    found = await desk.replay("as-recorded")
    assert found.rows == ()
    assert (found.differing, found.undecided, found.unpriced) == (0, 0, 0)
    assert found.decisions == len(by)
    assert found.recorded_cost == found.replayed_cost == sum(e.cost for e in await desk.metered())
    assert found.difference == 0
    assert found.latency_ms.difference is not None
    assert (found.latency_ms.difference.estimate, found.latency_ms.untold) == (0, 0)
    assert [tier.recorded for tier in found.tiers] == [tier.replayed for tier in found.tiers]
    assert sum(tier.recorded.share for tier in found.tiers) == pytest.approx(1)


async def test_a_failed_answer_is_decided_again_as_well(desk: Desk) -> None:
    desk.openai.outcomes[:] = ["bad_request", "ok"]
    desk.health.sick["gemini/gemini-2.5-flash-lite"] = desk.health.sick["local/extractive"] = "it is down"
    await desk.ask(SIMPLE)
    await desk.settings("gemini/gemini-2.5-flash-lite")
    await fresh()
    desk.health.sick.clear()
    await desk.ask(WEIGHING)
    assert [event.routing.model for event in await desk.metered()] == [
        "openai/gpt-5.6-terra",
        "gemini/gemini-2.5-flash-lite",
    ]
    found = await desk.replay("as-recorded")
    assert (found.decisions, found.differing) == (2, 0)


async def test_a_forged_decision_is_found(desk: Desk) -> None:
    await desk.policy(FIRST)
    await fresh()
    conversation = Conversation.start(uuid4(), channel="http", address="x", name=None, at=now())
    conversation.receive(message="m", text=SIMPLE, interaction=uuid4(), at=now())
    prompt = (Turn(role="system", text="s"), Turn(role="user", text=SIMPLE))
    conversation.ask(retrieved=(), prompt=prompt, at=now())
    await desk.ask(SIMPLE)
    (honest,) = await desk.metered()
    assert conversation.state.burst is not None
    forged = msgspec.structs.replace(honest.routing, score=0.9, tier="complex", model="openai/gpt-6.1-sol")
    conversation.meter(
        conversation.state.burst.interaction, routing=forged, attempts=honest.attempts, at=now()
    )
    await desk.log.store.save(conversation, context=desk.context)
    found = await desk.replay("as-recorded")
    assert (found.decisions, found.differing) == (2, 1)
    assert found.rows[0].recorded.routing.tier == "complex"
    assert found.rows[0].replayed.routing.tier == "simple"


async def test_another_policy_costs_what_its_models_would_have(desk: Desk) -> None:
    await busy(desk)
    found = await desk.replay(ALL_LUNA, against=("OpenAI/GPT-4o",))
    replayed = Decimal(0)
    for event in await desk.metered():
        if event.routing.by in ("pinned", "budget"):
            replayed += event.cost
            continue
        for attempt in event.attempts:
            luna = CATALOGUE.price("openai", "gpt-6-luna", attempt.started_at)
            assert luna is not None
            if event.routing.model == "openai/gpt-6-luna":
                replayed += attempt.cost
            elif attempt.usage.input:
                replayed += cost(attempt.usage, luna)
    assert found.replayed_cost == replayed
    assert found.recorded_cost == sum(event.cost for event in await desk.metered())
    assert found.difference == found.replayed_cost - found.recorded_cost
    assert found.table == CATALOGUE.name
    mean = found.mean_difference
    assert mean.estimate == pytest.approx(float(found.difference) / found.decisions)
    assert mean.low is not None
    assert mean.high is not None
    assert mean.low < mean.estimate < mean.high
    assert found.saving is not None
    assert found.saving.estimate == pytest.approx(1 - float(found.replayed_cost / found.recorded_cost))
    assert {base.model: base.roles for base in found.baselines} == {
        "openai/gpt-6-luna": ("dearest", "default"),
        "openai/gpt-4o": ("named",),
    }
    named = found.baselines[1]
    assert named.routed_cost == replayed
    assert named.cost > named.routed_cost
    assert named.promise in ("kept", "missed", "not certain")
    assert len((await desk.replay(ALL_LUNA, rows=1)).rows) == 1
    took = [
        attempt.latency_ms
        for event in await desk.metered()
        for attempt in event.attempts
        if (attempt.model, attempt.outcome) == ("gpt-6-luna", "ok")
    ]
    moved = [
        sum(attempt.latency_ms for attempt in event.attempts)
        for event in await desk.metered()
        if event.routing.model != "openai/gpt-6-luna" and event.routing.by not in ("pinned", "budget")
    ]
    late = found.latency_ms
    assert late.difference is not None
    expected = sum(sum(took) / len(took) - ms for ms in moved) / late.decisions
    assert late.difference.estimate == pytest.approx(expected)
    nobody = await desk.replay(policy(*["openai/gpt-4o-mini"] * 3))
    assert nobody.latency_ms.untold > 0


async def test_the_dearest_model_and_the_default_are_what_routing_is_held_against(desk: Desk) -> None:
    await desk.policy(FIRST)
    await fresh()
    for customer in ("a", "b", "c", "d", "e", "f"):
        await desk.ask(SIMPLE, customer=customer)
    found = await desk.replay("current")
    assert found.differing == 0
    assert [(base.model, base.roles) for base in found.baselines] == [
        ("openai/gpt-6.1-sol", ("dearest",)),
        ("openai/gpt-6.1-terra", ("default",)),
    ]
    dearest, default = found.baselines
    assert dearest.saving is not None
    assert dearest.saving.estimate == pytest.approx(0.95)
    assert (dearest.promise, default.promise) == ("kept", "kept")
    (tier,) = found.tiers
    assert (tier.name, tier.replayed.decisions, tier.replayed.share) == ("simple", 6, 1.0)


async def test_decisions_of_a_time_only(desk: Desk) -> None:
    await desk.ask(SIMPLE)
    await desk.ask(WEIGHING)
    first, second = [r.recorded_at for r in await desk.events() if r.topic.endswith(".metered")]
    assert (await desk.replay("current", since=second)).decisions == 1
    assert (await desk.replay("current", until=second)).decisions == 1
    assert (await desk.replay("current", since=first, until=second + timedelta(seconds=1))).decisions == 2
    assert (await desk.replay("current", until=first)).decisions == 0
    with pytest.raises(Invalid):
        await desk.replay("current", since=second, until=first)
    with pytest.raises(Invalid, match="provider/model"):
        await desk.replay("current", against=("gpt-4o",))


async def test_an_erased_question_goes_by_its_recorded_figures(desk: Desk, database_url: str) -> None:
    await desk.ask(SIMPLE)  # without a policy: no score is on record
    await desk.policy(FIRST)
    await fresh()
    await desk.ask(WEIGHING, customer="ben")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE retrace.events SET payload = NULL WHERE tenant = %s AND topic = 'conversation.prompted'",
            [desk.tenant],
        )
    found = await desk.replay("as-recorded")
    assert (found.decisions, found.differing, found.undecided) == (2, 0, 0)
    found = await desk.replay(SECOND)
    assert (found.decisions, found.differing, found.undecided) == (2, 1, 1)
    replayed = found.rows[0].replayed.routing
    assert replayed.score == found.rows[0].recorded.routing.score
    assert replayed.tier == "large_context"  # by the provider's count: a million tokens


async def test_a_model_without_a_price_is_told_and_not_summed(desk: Desk) -> None:
    await desk.ask(SIMPLE)
    found = await desk.replay(policy(*["mine/house-model"] * 3))
    assert (found.decisions, found.unpriced, found.recorded_cost, found.replayed_cost) == (1, 1, 0, 0)
    assert found.rows[0].replayed.cost is None
    assert found.saving is None
    assert [base.decisions for base in found.baselines] == [0]
