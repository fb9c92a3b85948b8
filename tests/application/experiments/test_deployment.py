"""Deployments with the real log; what came of customers is as the test has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from application.agents.agent import ConfigureAgent, configuration_of, configure_agent
from application.answers.variants import serving_of
from application.answers.wordings import wordings_of
from application.experiments.deploying import DEPLOYMENT_WORK, LOOK
from application.experiments.deployment import (
    ConfirmDeployment,
    CreateDeployment,
    StartDeployment,
    StartShadow,
    StopDeployment,
    confirm_deployment,
    create_deployment,
    start_deployment,
    start_shadow,
    stop_deployment,
)
from application.experiments.going_back import releases_of
from application.experiments.look import LookAtDeployment, look_at_deployment
from application.experiments.rollback import (
    RollBackDeployment,
    RollBackRelease,
    roll_back_deployment,
    roll_back_release,
)
from application.gateway.policy import policy_of
from application.ports import Seen, Unavailable
from application.replay.decisions import ReplayDecisions, replay_decisions
from domain.agents.agent import Agent, AgentConfiguration
from domain.agents.configuration import LINES
from domain.answers.split import Arm
from domain.answers.templates import TEMPLATES
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound, Refused
from domain.experiments.deployment import CHANGED, Deployment
from domain.experiments.deployment_state import ShadowPlan
from domain.experiments.releases import Releases
from domain.flags.outcome import Outcome
from domain.flags.plan import Plan, Step
from domain.gateway.policy import RoutingPolicy, Target, Tiers
from domain.models.catalogue_overrides import CatalogueOverrides
from infra.providers.catalogue import load_catalogue
from tests.application.experiments.evaluated import evaluated
from tests.infra.log.parts import Log, context, log_on, now

LOCAL = Target(provider="local", model="extractive", reason="it is here")
POLICY = RoutingPolicy(
    tiers=Tiers(simple_queries=LOCAL, default=LOCAL, complex_reasoning=LOCAL, large_context=LOCAL)
)
BRIEF = TEMPLATES["answer"].texts["en"] + "\nBe brief."
WHOLE = Variant(configuration={"tone": "terse"}, prompts={"answer": BRIEF}, routing=POLICY)
AT_ONCE = Plan(steps=(Step(percentage=50), Step(percentage=100)), least=0)


class Outcomes:
    """What came of customers: the new version helped so many of a hundred, the other one eighty."""

    def __init__(self, helped: int = 80) -> None:
        self.helped, self.away = helped, False

    async def closed(self, tenant: UUID, split: UUID, *, new: str, beside: str, until: datetime) -> Seen:
        if self.away:
            raise Unavailable("the read model is behind")
        found = [self._outcome(number, until) for number in range(400)]
        return Seen(position=1, until=until, outcomes=found)

    def _outcome(self, number: int, until: datetime) -> Outcome:
        new = (number * 7919) % 2 == 0
        helpful = (number * 31) % 100 < (self.helped if new else 80)
        at = until + timedelta(seconds=number)
        return Outcome(
            position=number + 1, at=at, new=new, share=0.5, answers=1, rated=1, helpful=int(helpful)
        )


@pytest.fixture(name="log", scope="module")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


def ports_on(log: Log, outcomes: Outcomes | None = None) -> Any:
    providers = SimpleNamespace(catalogue=load_catalogue())
    return SimpleNamespace(
        store=log.store, clock=now, ids=uuid4, outcomes=outcomes or Outcomes(), providers=providers
    )


async def created(
    log: Log, about: Context, plan: Plan = AT_ONCE, variant: Variant = WHOLE, **more: Any
) -> UUID:
    evaluation = await evaluated(variant, about, store=log.store, at=now())
    command = CreateDeployment(name="terser", evaluation=evaluation, plan=plan, **more)
    return (await create_deployment(command, about, ports_on(log))).deployment.id


async def running(log: Log, about: Context, plan: Plan = AT_ONCE, variant: Variant = WHOLE) -> UUID:
    id = await created(log, about, plan, variant)
    await start_deployment(StartDeployment(deployment=id), about, ports_on(log))
    return id


async def look(log: Log, about: Context, id: UUID, outcomes: Outcomes | None = None) -> datetime | None:
    return await look_at_deployment(LookAtDeployment(deployment=id), about, ports_on(log, outcomes))


async def promoted(log: Log, about: Context, tone: str) -> UUID:
    id = await running(log, about, variant=Variant(configuration={"tone": tone}))
    assert await look(log, about, id) is None
    return id


async def arms(log: Log, about: Context) -> Sequence[Arm]:
    await log.store.reach(about.tenant, 1)
    serving = await serving_of(about.tenant, store=log.store)
    return [arm for split in serving.splits.values() for arm in split.arms]


async def tone(log: Log, about: Context) -> str:
    return (await configuration_of(about.tenant, store=log.store))[0].tone


async def kinds(log: Log, about: Context, after: int = 0) -> list[str]:
    return [recorded.topic async for recorded in log.store.events(about.tenant, after=after)]


def owed(log: Log, tenant: UUID) -> list[str]:
    with psycopg.connect(log.url) as connection:
        query = "SELECT key FROM retrace.work WHERE tenant = %s AND kind = %s"
        return [row[0] for row in connection.execute(query, [tenant, DEPLOYMENT_WORK])]


async def test_only_a_variant_that_has_passed_its_evaluation_is_deployed(log: Log) -> None:
    about, ports = context(), ports_on(log)
    failed = await evaluated(WHOLE, about, store=log.store, at=now(), failed=True)
    passed = await evaluated(WHOLE, about, store=log.store, at=now())
    another = Variant(configuration={"tone": "rude"})
    for command, refusal in (
        (CreateDeployment(name="a", evaluation=failed), Refused),
        (CreateDeployment(name="a", evaluation=passed, variant=another), Refused),
        (CreateDeployment(name="a", evaluation=uuid4()), NotFound),
        (CreateDeployment(name=" ", evaluation=passed), Invalid),
    ):
        with pytest.raises(refusal):
            await create_deployment(command, about, ports)
    made = await create_deployment(CreateDeployment(name="a", evaluation=passed, variant=WHOLE), about, ports)
    assert made.deployment.state.digest == WHOLE.digest
    assert await arms(log, about) == []


async def test_one_is_under_way_at_a_time_and_is_looked_at_until_it_has_ended(log: Log) -> None:
    about = context()
    id = await running(log, about, Plan(least=0))
    assert [(arm.name, round(arm.share, 6)) for arm in await arms(log, about)] == [
        ("current", 0.9),
        ("candidate", 0.1),
    ]
    assert owed(log, about.tenant) == [id.hex]
    second = await created(log, about, variant=Variant(configuration={"tone": "other"}))
    with pytest.raises(Refused, match=str(id)):
        await start_deployment(StartDeployment(deployment=second), about, ports_on(log))
    again = await look(log, about, id)
    assert again is not None
    assert abs(again - now() - LOOK).total_seconds() < 5
    stopped = await stop_deployment(StopDeployment(deployment=id, reason="later"), about, ports_on(log))
    assert (stopped.deployment.state.status, await arms(log, about)) == ("stopped", [])
    assert (owed(log, about.tenant), await look(log, about, id)) == ([], None)
    await start_deployment(StartDeployment(deployment=second), about, ports_on(log))


async def test_what_is_worse_goes_back_in_one_save_with_its_judgement_once(log: Log) -> None:
    about = context()
    id = await running(log, about, Plan(least=0))
    before = len(await kinds(log, about))
    worse = Outcomes(helped=40)
    assert await look(log, about, id, worse) is None
    assert await look(log, about, id, worse) is None
    assert await kinds(log, about, before) == ["deployment.rolled_back", "serving.closed"]
    (event,) = [
        recorded.event async for recorded in log.store.events(about.tenant, topics=["deployment.rolled_back"])
    ]
    assert isinstance(event, Deployment.RolledBack)
    assert event.judgement is not None
    assert event.judgement.finding is not None
    assert (event.judgement.finding.metric, event.judgement.position) == ("helpful_rate", 1)
    assert (await arms(log, about), await tone(log, about)) == ([], "professional")


async def test_while_the_read_model_is_behind_it_holds_where_it_is(log: Log) -> None:
    about, outcomes = context(), Outcomes(helped=0)
    id = await running(log, about, Plan(least=0))
    before, outcomes.away = await kinds(log, about), True
    with pytest.raises(Unavailable):
        await look(log, about, id, outcomes)
    assert await kinds(log, about) == before


async def test_what_came_through_is_the_agent_in_force_as_a_whole_in_one_save(log: Log) -> None:
    about = context()
    id = await running(log, about)
    before = len(await kinds(log, about))
    assert await look(log, about, id) is None
    assert await kinds(log, about, before) == [
        "deployment.rollout_held",
        "deployment.rollout_advanced",
        "deployment.promoted",
        "serving.closed",
        "releases.begun",
        "releases.released",
        "releases.released",
        "agent.created",
        "agent.configured",
        "routing.created",
        "routing.configured",
        "prompts.begun",
        "prompts.worded",
    ]
    assert await tone(log, about) == "terse"
    configuration, _ = await configuration_of(about.tenant, store=log.store)
    assert (await policy_of(about.tenant, configuration, store=log.store))[0] == POLICY
    wordings, _ = await wordings_of(about.tenant, store=log.store)
    assert wordings.own["answer"].text == BRIEF
    back = RollBackDeployment(deployment=id, reason="complaints")
    done = await roll_back_deployment(back, about, ports_on(log))
    assert done.deployment.state.status == "rolled back"
    configuration, _ = await configuration_of(about.tenant, store=log.store)
    assert configuration == AgentConfiguration()
    assert (await policy_of(about.tenant, configuration, store=log.store))[0] is None
    assert (await wordings_of(about.tenant, store=log.store))[0].own == {}
    assert [release.number for release in (await releases_of(about.tenant, ports_on(log))).ready] == [2]


async def test_a_variant_that_pins_its_model_passes_the_policy_by_when_it_is_in_force(log: Log) -> None:
    about = context()
    await promoted(log, about, "terse")
    first = await running(log, about, variant=Variant(routing=POLICY))
    await look(log, about, first)
    pinned = await running(log, about, variant=Variant(model="local/extractive"))
    await look(log, about, pinned)
    configuration, _ = await configuration_of(about.tenant, store=log.store)
    assert (configuration.default_model, configuration.tone) == ("local/extractive", "terse")
    assert (await policy_of(about.tenant, configuration, store=log.store))[0] is None


async def test_the_last_three_releases_stay_ready_and_what_was_set_by_hand_is_one(log: Log) -> None:
    about, ports = context(), ports_on(log)
    with pytest.raises(Refused):
        await roll_back_release(RollBackRelease(reason="why"), about, ports)
    deployments = [await promoted(log, about, each) for each in ("one", "two", "three")]
    releases = await releases_of(about.tenant, ports)
    assert [release.number for release in releases.ready] == [3, 2, 1]
    assert [release.deployment for release in releases.ready] == [deployments[1], deployments[0], None]
    with pytest.raises(Refused):
        await roll_back_deployment(RollBackDeployment(deployment=deployments[0], reason="why"), about, ports)
    done = await roll_back_release(RollBackRelease(reason="calmer", release=2), about, ports)
    assert (done.release.deployment, await tone(log, about)) == (deployments[0], "one")
    third = await log.store.load(Deployment, deployments[2], tenant=about.tenant)
    assert (third.state.status, third.state.reason) == ("rolled back", "calmer")
    await configure_agent(
        ConfigureAgent(configuration=AgentConfiguration(tone="by hand")),
        about,
        store=log.store,
        catalogue=load_catalogue(),
        clock=now,
    )
    done = await roll_back_release(RollBackRelease(reason="back"), about, ports)
    assert (done.release.number, await tone(log, about)) == (2, "one")
    releases = await releases_of(about.tenant, ports)
    assert (releases.ready[0].number, releases.ready[0].deployment) == (5, None)
    done = await roll_back_release(RollBackRelease(reason="no, that one", release=5), about, ports)
    assert await tone(log, about) == "by hand"
    events = [recorded async for recorded in log.store.events(about.tenant, topics=["releases.rolled_back"])]
    assert len(events) == 3
    assert isinstance(events[0].event, Releases.RolledBack)
    restored = [topic for topic in await kinds(log, about) if topic == "agent.restored"]
    assert len(restored) == 3, "what is put in force again is told by the agent's own stream too"


async def test_what_was_in_force_when_less_was_asked_of_it_is_deployed_on_and_gone_back_to(log: Log) -> None:
    about = context()
    agent = Agent.begin(about.tenant, now())
    earlier = AgentConfiguration(tone=" ", restrictions=("No jokes.",) * (LINES + 1))
    agent.trigger(Agent.Configured, at=now(), configuration=earlier)
    await log.store.save(agent, context=about)
    await promoted(log, about, "terse")
    assert await tone(log, about) == "terse"
    await roll_back_release(RollBackRelease(reason="complaints"), about, ports_on(log))
    assert (await configuration_of(about.tenant, store=log.store))[0] == earlier


async def test_an_agent_that_is_changed_by_hand_stops_a_deployment_and_a_change_undone_does_not(
    log: Log,
) -> None:
    about = context()
    id = await running(log, about, Plan(least=0))

    async def set_tone(tone: str) -> None:
        command = ConfigureAgent(configuration=AgentConfiguration(tone=tone))
        await configure_agent(command, about, store=log.store, catalogue=load_catalogue(), clock=now)

    await set_tone("changed")
    await set_tone("professional")
    assert await look(log, about, id) is not None
    await set_tone("changed")
    assert await look(log, about, id, Outcomes(helped=0)) is None
    found = await log.store.load(Deployment, id, tenant=about.tenant)
    assert (found.state.status, found.state.reason) == ("stopped", CHANGED)
    assert (await arms(log, about), await tone(log, about)) == ([], "changed")
    replayed = await replay_decisions(ReplayDecisions(deployment=id), about.tenant, store=log.store)
    assert (replayed.verdicts, replayed.differing) == (1, 0)


async def test_a_verdict_that_the_log_does_not_bear_out_is_told(log: Log) -> None:
    """What came of customers stands in the test alone, not in the log: so none of it comes out again."""
    about = context()
    id = await running(log, about, Plan(least=0))
    await look(log, about, id, Outcomes(helped=0))
    replayed = await replay_decisions(ReplayDecisions(), about.tenant, store=log.store)
    assert (replayed.verdicts, replayed.differing) == (1, 1)
    (row,) = replayed.rows
    assert (row.recorded["kind"], row.again) == ("deployment.rolled_back", None)
    with pytest.raises(NotFound):
        await replay_decisions(ReplayDecisions(deployment=uuid4()), about.tenant, store=log.store)


async def test_a_confirmed_one_waits_for_somebody_and_then_goes_on(log: Log) -> None:
    about = context()
    plan = Plan(steps=AT_ONCE.steps, automatic=False, least=0)
    id = await running(log, about, plan)
    assert await look(log, about, id) is not None
    assert [round(arm.share, 6) for arm in await arms(log, about)] == [0.5, 0.5]
    done = await confirm_deployment(ConfirmDeployment(deployment=id), about, ports_on(log))
    assert (done.deployment.state.status, await tone(log, about)) == ("promoted", "terse")


async def test_one_that_was_compared_with_another_agent_is_not_confirmed(log: Log) -> None:
    about = context()
    id = await running(log, about, Plan(steps=AT_ONCE.steps, automatic=False, least=0))
    await look(log, about, id)
    command = ConfigureAgent(configuration=AgentConfiguration(tone="by hand"))
    await configure_agent(command, about, store=log.store, catalogue=load_catalogue(), clock=now)
    with pytest.raises(Refused, match="changed by hand"):
        await confirm_deployment(ConfirmDeployment(deployment=id), about, ports_on(log))
    assert await look(log, about, id) is None
    assert (await tone(log, about), await arms(log, about)) == ("by hand", [])


async def test_a_model_that_is_retired_meanwhile_is_neither_started_nor_promoted(log: Log) -> None:
    about, variant = context(), Variant(model="openai/gpt-6-luna")
    shipped = load_catalogue()
    model = shipped.get("openai/gpt-6-luna")
    assert model is not None
    overrides = CatalogueOverrides.begin(about.tenant, now())
    overrides.set_model(msgspec.structs.replace(model, retires_at=now()), now())
    late = ports_on(log)
    late.providers.catalogue = overrides.over(shipped)
    plan = Plan(steps=AT_ONCE.steps, automatic=False, least=0)
    id = await created(log, about, plan, variant, shadow=ShadowPlan())
    for refused in (
        start_shadow(StartShadow(deployment=id), about, late),
        start_deployment(StartDeployment(deployment=id), about, late),
    ):
        with pytest.raises(Refused, match="retired"):
            await refused
    await start_deployment(StartDeployment(deployment=id), about, ports_on(log))
    await look(log, about, id)
    with pytest.raises(Refused, match="retired"):
        await confirm_deployment(ConfirmDeployment(deployment=id), about, late)
    await stop_deployment(StopDeployment(deployment=id, reason="retired"), about, late)
    id = await running(log, about, variant=variant)
    assert await look_at_deployment(LookAtDeployment(deployment=id), about, late) is None
    found = await log.store.load(Deployment, id, tenant=about.tenant)
    assert (found.state.status, "was retired" in (found.state.reason or "")) == ("stopped", True)
    configuration, _ = await configuration_of(about.tenant, store=log.store)
    assert configuration == AgentConfiguration()
    replayed = await replay_decisions(ReplayDecisions(deployment=id), about.tenant, store=log.store)
    assert replayed.verdicts == 1, "the step held; that it was stopped is the catalogue's, and no verdict"
