from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from application.flags.flag import SwitchFlag, switch_flag
from application.gateway import token_count
from application.gateway.policy import (
    ConfigureRouting,
    RestoreRouting,
    RoutingConfigured,
    configure_routing,
    policy_of,
    restore_routing,
)
from application.gateway.route import ExplainRouting, Question, Route, explain_routing, route
from application.gateway.tenant_settings import settings_of
from application.gateway.token_count import tokens_if_many
from domain.agents.agent import AgentConfiguration
from domain.base.errors import Invalid, NotFound, Refused
from domain.gateway.policy import RoutingPolicy, Target, Thresholds, Tiers
from domain.models.completion import Turn
from infra.providers.catalogue import load_catalogue
from tests.application.played import PlayedPorts, Words, played
from tests.infra.log.parts import Log, context, log_on

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CATALOGUE = load_catalogue()
CONFIGURATION = AgentConfiguration(
    default_model="openai/gpt-5.6-terra", fallback_models=("openai/gpt-6-luna", "local/extractive")
)
SIMPLE = "When are you open?"
DEFAULT = "Could you compare the two plans for me?"
COMPLEX = (
    "Compare the three plans for a team of 15, analyse what each costs over 24 months, and calculate which is the "
    "cheapest with 40 users: step by step, please."
)


def target(model: str) -> Target:
    provider, _, name = model.partition("/")
    return Target(provider=provider, model=name, reason=f"{name} it is")


POLICY = RoutingPolicy(
    tiers=Tiers(
        simple_queries=target("gemini/gemini-2.5-flash-lite"),
        default=target("openai/gpt-6.1-terra"),
        complex_reasoning=target("openai/gpt-6.1-sol"),
        large_context=target("gemini/gemini-3.8-flash"),
    )
)


@pytest_asyncio.fixture(scope="module", name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


async def configure(log: Log, tenant: UUID, policy: RoutingPolicy = POLICY) -> RoutingConfigured:
    return await configure_routing(
        ConfigureRouting(policy=policy),
        context(tenant),
        store=log.store,
        catalogue=CATALOGUE,
        clock=lambda: datetime.now(UTC),
    )


async def restore(log: Log, tenant: UUID, version: int) -> RoutingConfigured:
    return await restore_routing(
        RestoreRouting(version=version),
        context(tenant),
        store=log.store,
        catalogue=CATALOGUE,
        clock=lambda: datetime.now(UTC),
    )


def ports(log: Log) -> PlayedPorts:
    return PlayedPorts(store=log.store, providers=played(catalogue=CATALOGUE), clock=lambda: NOW)


async def choose(
    log: Log,
    tenant: UUID,
    text: str = SIMPLE,
    *,
    prompt: str = "short",
    pinned: str | None = None,
    subject: UUID | None = None,
) -> Route:
    question = Question(
        prompt=(Turn(role="system", text=prompt), Turn(role="user", text=text)),
        questions=(text,),
        turns=0,
        pinned=pinned,
        subject=subject,
    )
    policy, version = await policy_of(tenant, CONFIGURATION, store=log.store)
    settings = msgspec.structs.replace(
        await settings_of(tenant, ports(log)),
        configuration=CONFIGURATION,
        policy=policy,
        policy_version=version,
    )
    return await route(question, settings, tenant=tenant, counter=Words(), at=NOW)


async def test_without_a_policy_the_configurations_models_answer(log: Log) -> None:
    found = await choose(log, uuid4(), COMPLEX)
    assert found.models == ("openai/gpt-5.6-terra", "openai/gpt-6-luna", "local/extractive")
    assert found.routing.model == found.models[0]
    assert found.routing.reason == "the configuration's default model"
    assert (found.routing.by, found.routing.tier, found.routing.policy) == ("configuration", None, 0)
    assert found.degraded == "local/extractive"


async def test_a_policy_routes_by_score_and_tells_why(log: Log) -> None:
    tenant = uuid4()
    version = (await configure(log, tenant)).version
    for text, tier, model in (
        (SIMPLE, "simple", "gemini/gemini-2.5-flash-lite"),
        (DEFAULT, "default", "openai/gpt-6.1-terra"),
        (COMPLEX, "complex", "openai/gpt-6.1-sol"),
    ):
        found = await choose(log, tenant, text)
        assert (found.routing.tier, found.routing.model, found.routing.policy) == (tier, model, version)
        assert found.routing.reason == f"{model.partition('/')[2]} it is"
        assert found.routing.score == round(sum(found.routing.parts.values()), 4)
        assert found.models == (model, *CONFIGURATION.fallback_models)
        assert found.degraded == "gemini/gemini-2.5-flash-lite"


async def test_a_policys_own_failover_comes_before_the_configurations(log: Log) -> None:
    tenant = uuid4()
    order = ("gemini/gemini-2.5-flash-lite", "together/openai/gpt-oss-120b")
    await configure(log, tenant, RoutingPolicy(tiers=POLICY.tiers, failover=order))
    assert (await choose(log, tenant)).models == order
    assert (await choose(log, tenant, DEFAULT)).models == ("openai/gpt-6.1-terra", *order)
    await configure(log, tenant, RoutingPolicy(tiers=POLICY.tiers, failover=()))
    await asyncio.sleep(1.1)
    assert (await choose(log, tenant)).models == order[:1]


async def test_a_large_context_decides_whatever_the_question(log: Log) -> None:
    tenant = uuid4()
    await configure(log, tenant)
    found = await choose(log, tenant, prompt="word " * 100_001)
    assert (found.routing.tier, found.routing.by) == ("large_context", "large_context")
    assert found.routing.model == "gemini/gemini-3.8-flash"
    assert found.routing.context_tokens == 100_005
    found = await choose(log, tenant, prompt="word " * 90_000)
    assert (found.routing.tier, found.routing.context_tokens) == ("simple", 90_004)


async def test_a_pinned_model_comes_first_and_is_checked(log: Log) -> None:
    tenant = uuid4()
    await configure(log, tenant)
    found = await choose(log, tenant, COMPLEX, pinned="openai/gpt-4o")
    assert (found.routing.by, found.routing.model, found.degraded) == (
        "pinned",
        "openai/gpt-4o",
        "openai/gpt-4o",
    )
    assert found.models == ("openai/gpt-4o", *CONFIGURATION.fallback_models)
    with pytest.raises(Refused, match="gpt-5.6-sol"):
        await choose(log, tenant, pinned="openai/o1-preview")
    with pytest.raises(Invalid, match="provider/model"):
        await choose(log, tenant, pinned="gpt-4o")


async def test_whom_the_flag_leaves_out_gets_the_default_model(log: Log) -> None:
    tenant = uuid4()
    await configure(log, tenant)
    assert (await choose(log, tenant, subject=uuid4())).routing.by == "score"
    await switch_flag(
        SwitchFlag(flag="routing", on=False),
        context(tenant),
        store=log.store,
        clock=lambda: datetime.now(UTC),
    )
    await asyncio.sleep(1.1)
    found = await choose(log, tenant, subject=uuid4())
    assert (found.routing.by, found.routing.model) == ("configuration", "openai/gpt-5.6-terra")


async def test_a_retired_model_is_refused_with_its_successor(log: Log) -> None:
    tiers = POLICY.tiers
    with pytest.raises(Refused, match="use openai/gpt-5.6-sol"):
        await configure(log, uuid4(), RoutingPolicy(tiers=tiers, failover=("openai/o1-preview",)))
    with pytest.raises(Refused, match="embedding"):
        await configure(log, uuid4(), RoutingPolicy(tiers=tiers, failover=("openai/text-embedding-3-small",)))
    limits = Thresholds(simple_below=0.9, complex_above=0.1)
    with pytest.raises(Invalid):
        await configure(log, uuid4(), RoutingPolicy(tiers=tiers, thresholds=limits))


async def test_every_version_can_come_back(log: Log) -> None:
    tenant = uuid4()
    fresh = await restore(log, tenant, 1)
    assert (fresh.policy, fresh.version, fresh.position) == (None, 0, 0)
    with pytest.raises(NotFound, match="no version 2 of the routing policy"):
        await restore(log, tenant, 2)
    first = await configure(log, tenant)
    assert first.version == 2
    assert (await configure(log, tenant)).position == 0
    other = RoutingPolicy(tiers=POLICY.tiers, failover=())
    assert (await configure(log, tenant, other)).version == 3
    back = await restore(log, tenant, 2)
    assert (back.version, back.policy) == (4, POLICY)
    assert (await restore(log, tenant, 2)).position == 0
    assert (await restore(log, tenant, 1)).policy is None
    with pytest.raises(NotFound):
        await restore(log, tenant, 9)
    assert await policy_of(tenant, AgentConfiguration(), store=log.store) == (None, 5)
    events = [r.event async for r in log.store.events(tenant) if r.topic == "routing.restored"]
    assert [getattr(event, "from_version", None) for event in events] == [2, 1]


async def test_a_question_that_nobody_asked_is_explained_and_leaves_no_trace(log: Log) -> None:
    tenant = uuid4()
    position = (await configure(log, tenant)).position

    async def explain(command: ExplainRouting) -> str | None:
        found = await explain_routing(command, tenant, ports(log))
        assert found.complexity.score >= 0
        return found.route.routing.tier

    assert await explain(ExplainRouting(text=SIMPLE)) == "simple"
    assert await explain(ExplainRouting(text=COMPLEX)) == "complex"
    assert await explain(ExplainRouting(text=SIMPLE, context_tokens=100_001)) == "large_context"
    assert await explain(ExplainRouting(text=SIMPLE, model="openai/gpt-4o")) is None
    assert [r.position async for r in log.store.events(tenant, after=position)] == []


class Counting(Words):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def count(self, text: str, model: str) -> int:
        self.asked.append(model)
        return super().count(text, model)


async def test_a_prompt_is_counted_only_where_it_may_be_too_long_and_once() -> None:
    tenant, counter = uuid4(), Counting()

    async def tokens(text: str, limit: int = 100) -> int | None:
        turns = (Turn(role="user", text=text),)
        return await tokens_if_many(turns, limit, "p/m", tenant=tenant, counter=counter)

    assert await tokens("x" * 100) is None
    assert await tokens("é" * 50) is None
    assert counter.asked == []
    assert await tokens("é " * 50) == 50
    assert await tokens("é " * 50) == 50
    assert await tokens("\ud800 " * 50) == 50
    assert counter.asked == ["m", "m"]


async def test_only_so_many_counts_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_count, "REMEMBERED", 3)
    monkeypatch.setattr(token_count, "_counted", type(token_count._counted)())
    counter = Counting()
    for number in [0, 1, 2, 3, 4, 4, 0]:
        turns = (Turn(role="user", text=f"{number} and more"),)
        await tokens_if_many(turns, 5, "p/m", tenant=UUID(int=0), counter=counter)
    assert len(token_count._counted) == 3
    assert len(counter.asked) == 6
