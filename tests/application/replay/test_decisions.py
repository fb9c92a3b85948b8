"""Verdicts on the real log, each taken again from the events before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.answers.variants import serving_of
from application.experiments.deployment import (
    CreateDeployment,
    StartDeployment,
    create_deployment,
    start_deployment,
)
from application.experiments.experiment import (
    CreateExperiment,
    StartExperiment,
    create_experiment,
    start_experiment,
)
from application.experiments.look import LookAtDeployment, look_at_deployment
from application.experiments.look_at_experiment import LookAtExperiment, look_at_experiment
from application.flags.flag import (
    LookAtRollout,
    StartRollout,
    SwitchFlag,
    look_at_rollout,
    start_rollout,
    switch_flag,
)
from application.ports import Seen
from application.replay.decisions import ReplayDecisions, replay_decisions
from application.replay.decisions_report import DecisionsReplay
from domain.answers.split import Arm, assign, assignment
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.conversations.conversation import Conversation
from domain.experiments.design import Design
from domain.experiments.outcomes import Units
from domain.feedback.rating import Rating
from domain.flags.feature import bucket_of
from domain.flags.outcome import OFF, ON
from domain.flags.plan import Limit, Limits, Plan, Step
from domain.gateway.decision import Routing
from infra.providers.catalogue import load_catalogue
from tests.application.experiments.evaluated import evaluated
from tests.infra.log.parts import Log, context, log_on, now

TERSE = Variant(configuration={"tone": "terse"})
LIMITS = Limits(failure_rate=None, latency_ms=None, helpful_rate=Limit(worse=0.05))
HALF = Plan(steps=(Step(percentage=50), Step(percentage=100)), limits=LIMITS, least=10)
FLAG = "full_agent"


class FromLog:
    """What came of customers as the log has it now, as if their windows were over."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def closed(
        self, tenant: UUID, split: UUID, *, new: str = ON, beside: str = OFF, until: datetime
    ) -> Seen:
        units, position, until = Units(), 0, now() + timedelta(hours=2)
        async for recorded in self._log.store.events(tenant):
            units.fold(recorded)
            position = recorded.position
        found = units.closed(split, new=new, beside=beside, until=until)
        return Seen(position=position, until=until, outcomes=found)


@pytest.fixture(name="log", scope="module")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


def ports_on(log: Log) -> Any:
    providers = SimpleNamespace(catalogue=load_catalogue())
    return SimpleNamespace(store=log.store, clock=now, ids=uuid4, outcomes=FromLog(log), providers=providers)


async def customers(log: Log, about: Context, *, worse: bool, count: int = 90) -> None:
    """Each is answered once and rates it; where the new version is `worse`, it helps nobody who has it."""
    splits = list((await serving_of(about.tenant, store=log.store)).splits.values())
    for _ in range(count):
        conversation = Conversation.start(uuid4(), channel="http", address="a", name=None, at=now())
        interaction = conversation.receive(message="m", text="q", interaction=uuid4(), at=now())
        arms = [(split, arm) for split in splits if (arm := assign(split, conversation.id)) is not None]
        new = any(arm.name != split.arms[0].name for split, arm in arms)
        new = new or (not splits and bucket_of(FLAG, str(conversation.id)) <= 50)
        conversation.meter(
            interaction,
            routing=Routing(model="p/m", reason="r"),
            attempts=(),
            variants=tuple(assignment(split, arm) for split, arm in arms),
            at=now(),
        )
        await log.store.save(conversation, context=about)
        rating = Rating.begin(interaction, conversation.id, now())
        rating.rate(not (worse and new), "api", now())
        await log.store.save(rating, context=about)


async def replayed(log: Log, about: Context) -> DecisionsReplay:
    return await replay_decisions(ReplayDecisions(), about.tenant, store=log.store)


async def test_a_deployment_s_verdict_comes_out_the_same(log: Log) -> None:
    about, ports = context(), ports_on(log)
    evaluation = await evaluated(TERSE, about, store=log.store, at=now())
    command = CreateDeployment(name="terse", evaluation=evaluation, plan=HALF)
    id = (await create_deployment(command, about, ports)).deployment.id
    await start_deployment(StartDeployment(deployment=id), about, ports)
    await customers(log, about, worse=True)
    assert await look_at_deployment(LookAtDeployment(deployment=id), about, ports) is None
    await customers(log, about, worse=False, count=5)
    found = await replayed(log, about)
    assert (found.verdicts, found.differing, found.rows) == (1, 0, [])


@pytest.mark.parametrize("worse", [True, False])
async def test_a_flag_s_verdict_comes_out_the_same_good_or_bad(log: Log, worse: bool) -> None:
    about, store = context(), log.store
    await switch_flag(SwitchFlag(flag=FLAG, on=False), about, store=store, clock=now)
    await start_rollout(StartRollout(flag=FLAG, plan=HALF), about, store=store, clock=now, ids=uuid4)
    await customers(log, about, worse=worse)
    look = LookAtRollout(flag=FLAG)
    assert await look_at_rollout(look, about, store=store, outcomes=FromLog(log), clock=now) is None
    await customers(log, about, worse=not worse, count=5)
    found = await replayed(log, about)
    assert (found.verdicts, found.differing, found.rows) == (1, 0, [])
    topics = {recorded.topic async for recorded in store.events(about.tenant)}
    assert ("flags.rolled_back" in topics, "flags.rollout_completed" in topics) == (worse, not worse)


async def test_an_experiment_s_verdict_comes_out_the_same_arm_by_arm(log: Log) -> None:
    about, store = context(), log.store
    arms = tuple(
        Arm(name=name, share=1 / 3, variant=Variant(configuration={"tone": name}) if number else Variant())
        for number, name in enumerate(("plain", "warm", "terse"))
    )
    given: dict[str, Any] = {"store": store, "catalogue": load_catalogue(), "clock": now}
    command = CreateExperiment(design=Design(name="tones", arms=arms, limits=LIMITS))
    id = (await create_experiment(command, about, ids=uuid4, **given)).experiment.id
    await start_experiment(StartExperiment(experiment=id), about, **given)
    await customers(log, about, worse=True, count=150)
    look = LookAtExperiment(experiment=id)
    assert await look_at_experiment(look, about, store=store, outcomes=FromLog(log), clock=now) is None
    found = await replayed(log, about)
    assert (found.verdicts, found.differing, found.rows) == (1, 0, [])
