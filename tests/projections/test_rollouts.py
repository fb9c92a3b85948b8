"""The read model `rollouts` on the real log."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.conversations.conversation import Conversation
from domain.flags.feature import bucket_of
from domain.flags.flag import Flags
from domain.flags.rollout import Metric, Plan, Sides, Step
from domain.gateway.decision import Routing
from domain.models.completion import Attempt
from infra.projections.sql import TransactionSql
from projections.rollouts import measured, sides_of
from tests.infra.log.parts import Log, context, now
from tests.infra.projections.parts import projecting, rows
from tests.projections.calls import attempt

FLAG = "full_agent"
PLAN = Plan(steps=(Step(percentage=30, hold_hours=1), Step(percentage=100, hold_hours=1)))


async def ask(log: Log, tenant: UUID, *attempts: Attempt) -> UUID:
    conversation = Conversation.start(uuid4(), channel="http", address="a", name=None, at=now())
    interaction = conversation.receive(message="1", text="q", interaction=uuid4(), at=now())
    conversation.meter(interaction, routing=Routing(model="p/m", reason="r"), attempts=attempts, at=now())
    await log.store.save(conversation, context=context(tenant))
    return conversation.id


async def begin(log: Log, tenant: UUID) -> tuple[Flags, UUID]:
    flags, rollout = Flags.begin(tenant, now()), uuid4()
    flags.switch(FLAG, now(), on=False)
    flags.start_rollout(FLAG, rollout, PLAN, now())
    await log.store.save(flags, context=context(tenant))
    return flags, rollout


async def save(log: Log, tenant: UUID, flags: Flags) -> None:
    await log.store.save(flags, context=context(tenant))


async def read(log: Log, tenant: UUID, rollout: UUID, step: int) -> Sides:
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
    async with log.database.tenant(tenant) as connection:
        return await sides_of(TransactionSql(connection), tenant, rollout, step)


def means(sides: Sides, side: str) -> dict[Metric, tuple[int, float]]:
    return {metric: (figure.count, round(figure.mean, 9)) for metric, figure in getattr(sides, side).items()}


async def test_answers_count_for_the_side_that_their_conversation_is_on(log: Log) -> None:
    tenant = uuid4()
    await ask(log, tenant, attempt())  # before it began
    flags, rollout = await begin(log, tenant)
    among = [
        await ask(log, tenant, attempt("timeout", latency_ms=50), attempt(latency_ms=10)) for _ in range(30)
    ]
    on = sum(bucket_of(FLAG, str(conversation)) <= 30 for conversation in among)
    assert 0 < on < 30
    sides = await read(log, tenant, rollout, 0)
    expected = {"failure_rate": 1.0, "latency_ms": 60.0, "cost": 0.001}
    assert means(sides, "on") == {metric: (on, value) for metric, value in expected.items()}
    assert means(sides, "off") == {metric: (30 - on, value) for metric, value in expected.items()}

    flags.trigger(Flags.RolloutAdvanced, at=now(), flag=FLAG, rollout=rollout, step=1, percentage=100)
    await save(log, tenant, flags)
    for _ in range(5):
        await ask(log, tenant, attempt())
    sides = await read(log, tenant, rollout, 1)
    assert sides.on["failure_rate"].count == 5
    assert sides.off["failure_rate"].count == 30 - on  # nobody is without it now: those of the step before

    flags.stop_rollout(FLAG, "done", now(), back=False)
    await save(log, tenant, flags)
    await ask(log, tenant, attempt())
    assert (await read(log, tenant, rollout, 1)).on["failure_rate"].count == 5


async def test_a_rebuild_in_one_batch_equals_what_came_event_by_event(log: Log) -> None:
    tenant = uuid4()
    async with projecting(log) as projector:
        flags, rollout = await begin(log, tenant)
        for n in range(20):
            await ask(log, tenant, attempt(latency_ms=0.1 * n, cost=f"0.{n:018d}7"))
            await projector.catch_up([tenant])
        flags.trigger(Flags.RolloutAdvanced, at=now(), flag=FLAG, rollout=rollout, step=1, percentage=100)
        await save(log, tenant, flags)
        await ask(log, tenant, attempt())
        flags.stop_rollout(FLAG, "no", now(), back=True)
        await save(log, tenant, flags)
        again = uuid4()
        flags.start_rollout(FLAG, again, PLAN, now())
        await save(log, tenant, flags)
        await ask(log, tenant, attempt("cancelled"))
        await ask(log, tenant, attempt())
        await projector.catch_up([tenant])
        live = await rows(log, tenant)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for name in (*live, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name} WHERE tenant = %s".encode(), [tenant])
        await projector.catch_up([tenant])
    assert len(live["rollouts"]) == 2
    assert len({row[1] for row in live["rollouts_figures"]}) == 2
    assert await rows(log, tenant) == live
    one = await read(log, tenant, again, 0)
    assert sum(side["cost"].count for side in (one.on, one.off) if side) == 1


@pytest.mark.parametrize(
    ("attempts", "failed"),
    [
        ((attempt(),), 0),
        ((attempt(cached=True),), 0),
        ((attempt("timeout"), attempt()), 1),
        ((attempt("timeout"),), 1),
        ((attempt("cancelled"), attempt()), 0),
        ((), 1),
    ],
)
def test_an_answer_fails_when_a_call_fails_or_none_comes(attempts: tuple[Attempt, ...], failed: int) -> None:
    assert measured(attempts, Decimal(0))["failure_rate"] == failed
