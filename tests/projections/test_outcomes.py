"""The read model `outcomes` on the real log."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from math import exp
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Executable

from domain.answers.serving import Serving
from domain.answers.split import Arm, Assignment, Split
from domain.base.errors import NotFound
from domain.chat.call import Call
from domain.conversations.answers import Outcome as AnswerOutcome
from domain.conversations.conversation import Conversation
from domain.experiments.outcomes import Units
from domain.feedback.rating import Rating, rating_of
from domain.flags.feature import bucket_of
from domain.flags.flag import Flags
from domain.flags.outcome import NANO, OFF, ON, Outcome
from domain.flags.plan import Plan, Step
from domain.gateway.decision import Routing
from domain.models.completion import Attempt
from infra.projections.sql import TransactionSql
from projections import outcomes
from projections.base import Row
from projections.outcomes import closed_outcomes
from tests.infra.log.parts import Log, context, now
from tests.infra.projections.parts import projecting, rows
from tests.projections.calls import attempt

FLAG = "full_agent"
PLAN = Plan(steps=(Step(percentage=30, hold_hours=1), Step(percentage=60, hold_hours=1)), window=3600)
LATER = timedelta(hours=2)


class Counting(TransactionSql):
    """Counts the rows of each query."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.rows: list[int] = []

    async def all(self, statement: Executable) -> list[Row]:
        found = await super().all(statement)
        self.rows.append(len(found))
        return found


async def ask(
    log: Log,
    tenant: UUID,
    *attempts: Attempt,
    conversation: Conversation | None = None,
    outcome: AnswerOutcome | None = None,
) -> Conversation:
    if conversation is None:
        conversation = Conversation.start(uuid4(), channel="http", address="a", name=None, at=now())
    interaction = conversation.receive(message=str(uuid4()), text="q", interaction=uuid4(), at=now())
    routing = Routing(model="p/m", reason="r")
    conversation.meter(interaction, routing=routing, attempts=attempts, outcome=outcome, at=now())
    await log.store.save(conversation, context=context(tenant))
    return conversation


async def rate(log: Log, tenant: UUID, interaction: UUID, conversation: UUID, helpful: bool) -> None:
    id = rating_of(interaction)
    try:
        rating = await log.store.load(Rating, id, tenant=tenant)
    except NotFound:
        rating = Rating.begin(interaction, conversation, now())
    rating.rate(helpful, "api", now())
    await log.store.save(rating, context=context(tenant))


async def begin(log: Log, tenant: UUID, plan: Plan = PLAN) -> tuple[Flags, UUID]:
    flags, rollout = Flags.begin(tenant, now()), uuid4()
    flags.switch(FLAG, now(), on=False)
    flags.start_rollout(FLAG, rollout, plan, now())
    await log.store.save(flags, context=context(tenant))
    return flags, rollout


async def read(
    log: Log, tenant: UUID, rollout: UUID, until: datetime | None = None, arms: tuple[str, str] = (ON, OFF)
) -> list[Outcome]:
    """What the read model tells, which is what a fold over the events tells."""
    until, (new, beside) = until or now() + LATER, arms
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
    async with log.database.tenant(tenant) as connection:
        found = await closed_outcomes(
            TransactionSql(connection), tenant, rollout, new=new, beside=beside, until=until
        )
    units = Units()
    async for recorded in log.store.events(tenant):
        units.fold(recorded)
    assert units.closed(rollout, new=new, beside=beside, until=until) == found
    return found


async def test_a_customer_counts_once_for_the_side_that_they_were_assigned_to(log: Log) -> None:
    tenant = uuid4()
    before = await ask(log, tenant, attempt())  # before it began
    flags, rollout = await begin(log, tenant)
    among = [
        await ask(log, tenant, attempt("timeout", latency_ms=50), attempt(latency_ms=10)) for _ in range(30)
    ]
    await ask(log, tenant, attempt(), conversation=before)
    for conversation in among:
        await ask(log, tenant, attempt(latency_ms=90), conversation=conversation)
    found = await read(log, tenant, rollout)
    assert [each.new for each in found] == [
        bucket_of(FLAG, str(conversation.id)) <= 30 for conversation in [*among, before]
    ]
    assert 0 < sum(each.new for each in found) < 30
    assert {each.share for each in found} == {0.3}
    assert [each.position for each in found] == sorted(each.position for each in found)
    first = found[0]
    assert (first.answers, first.failed, first.timed, first.rated) == (2, 1, 2, 0)
    assert (first.latency_ms, first.cost) == (150, Decimal("0.002"))
    assert exp(first.latency_log / NANO) == pytest.approx(60 * 90)
    assert first.cost_log == found[-1].cost_log * 2

    flags.trigger(Flags.RolloutAdvanced, at=now(), flag=FLAG, rollout=rollout, step=1, percentage=60)
    await log.store.save(flags, context=context(tenant))
    newcomer = await ask(log, tenant, attempt())
    for conversation in among:  # some have the feature now, and still count where they were
        await ask(log, tenant, attempt(), conversation=conversation)
    again = await read(log, tenant, rollout)
    assert [each.new for each in again[:-1]] == [each.new for each in found]
    assert again[0].answers == 3
    assert again[-1].new == (bucket_of(FLAG, str(newcomer.id)) <= 60)
    assert again[-1].share == 0.6

    flags.stop_rollout(FLAG, "done", now(), back=False)
    await log.store.save(flags, context=context(tenant))
    await ask(log, tenant, attempt())
    await ask(log, tenant, attempt(), conversation=newcomer)
    ended = await read(log, tenant, rollout)
    assert len(ended) == len(again)
    assert ended[-1].answers == 2  # what was begun is told to its end


async def test_a_customer_is_closed_when_the_window_is_over_and_nothing_counts_any_more(log: Log) -> None:
    tenant = uuid4()
    _, rollout = await begin(log, tenant, Plan(steps=PLAN.steps, window=0))
    conversation = await ask(log, tenant, attempt())
    await ask(log, tenant, attempt(), conversation=conversation)
    (only,) = await read(log, tenant, rollout)
    assert only.answers == 1
    tenant = uuid4()
    _, rollout = await begin(log, tenant)
    for _ in range(2):
        await ask(log, tenant, attempt())
    first, second = await read(log, tenant, rollout)
    window = timedelta(seconds=PLAN.window)
    assert await read(log, tenant, rollout, first.at + window - timedelta(microseconds=1)) == []
    assert await read(log, tenant, rollout, first.at + window) == ([first] if second.at > first.at else [])


async def test_a_rebuild_in_one_batch_equals_what_came_event_by_event(log: Log) -> None:
    tenant = uuid4()
    async with projecting(log) as projector:
        flags, rollout = await begin(log, tenant)
        conversation = None
        for n in range(20):
            told = attempt(latency_ms=0.1 * n, cost=f"0.{n:018d}7")
            conversation = await ask(log, tenant, told, conversation=conversation if n % 3 else None)
            await projector.catch_up([tenant])
        flags.trigger(Flags.RolloutAdvanced, at=now(), flag=FLAG, rollout=rollout, step=1, percentage=60)
        await log.store.save(flags, context=context(tenant))
        await ask(log, tenant, attempt())
        flags.stop_rollout(FLAG, "no", now(), back=True)
        await log.store.save(flags, context=context(tenant))
        again = uuid4()
        flags.start_rollout(FLAG, again, PLAN, now())
        await log.store.save(flags, context=context(tenant))
        await ask(log, tenant, attempt("cancelled"))
        await ask(log, tenant, attempt())
        await projector.catch_up([tenant])
        live = await rows(log, tenant)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for name in (*live, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name} WHERE tenant = %s".encode(), [tenant])
        await projector.catch_up([tenant])
    assert len(live["outcomes_splits"]) == 2
    assert len({row[1] for row in live["outcomes"]}) == 2
    assert await rows(log, tenant) == live
    assert len(await read(log, tenant, rollout)) == 8
    assert [each.answers for each in await read(log, tenant, again)] == [1, 1]


async def test_the_latest_rating_of_an_answer_holds_until_its_customer_is_closed(log: Log) -> None:
    tenant = uuid4()
    _, rollout = await begin(log, tenant)
    conversations = [await ask(log, tenant, attempt()) for _ in range(2)]
    first, second, third, unknown = (uuid4() for _ in range(4))
    said = [(first, 0, True), (second, 0, False), (first, 0, False), (second, 0, True), (third, 1, True)]
    for interaction, whose, helpful in said:
        await rate(log, tenant, interaction, conversations[whose].id, helpful)
    await rate(log, tenant, unknown, uuid4(), True)
    found = await read(log, tenant, rollout)
    assert [(each.rated, each.helpful) for each in found] == [(2, 1), (1, 1)]
    assert len((await rows(log, tenant))["outcomes_ratings"]) == 3


async def test_customers_of_experiments_and_deployments_are_followed_by_what_they_were_assigned(
    log: Log,
) -> None:
    tenant, split = uuid4(), uuid4()
    arms = (Arm(name="current", share=0.75), Arm(name="candidate", share=0.25))
    serving = Serving.begin(tenant, now())
    serving.open(Split(id=split, kind="deployment", arms=arms, since=now()), 1.0, now())
    await log.store.save(serving, context=context(tenant))
    routing, user = Routing(model="p/m", reason="r"), uuid4()
    for arm, whose in ((arms[0], user), (arms[0], user), (arms[1], None)):
        call = Call.request(
            uuid4(), model="p/m", messages=(), max_tokens=1, temperature=None, stop=(), options={},
            stream=False, user=None, at=now(),
        )  # fmt: skip
        variants = (Assignment(split=split, kind="deployment", arm=arm.name, share=arm.share),)
        call.meter(routing=routing, attempts=(attempt(),), variants=variants, unit=whose, at=now())
        await log.store.save(call, context=context(tenant))
    await rate(log, tenant, uuid4(), user, True)
    found = await read(log, tenant, split, arms=("candidate", "current"))
    assert [(each.new, each.share, each.answers, each.rated) for each in found] == [
        (False, 0.25, 2, 1),
        (True, 0.25, 1, 0),
    ]


async def test_an_answer_fails_when_a_call_fails_or_none_comes(log: Log) -> None:
    tenant = uuid4()
    _, rollout = await begin(log, tenant)
    await ask(log, tenant, attempt())
    await ask(log, tenant, attempt(cached=True))
    await ask(log, tenant, attempt("timeout"), attempt())
    await ask(log, tenant, attempt("timeout"))
    await ask(log, tenant, attempt("cancelled"), attempt())
    await ask(log, tenant, attempt("cancelled", latency_ms=20_000))  # whoever asked gave up
    await ask(log, tenant)
    await ask(log, tenant, outcome=AnswerOutcome(kind="hand_over"))  # without asking a model
    found = await read(log, tenant, rollout)
    assert [each.failed for each in found] == [0, 0, 1, 1, 0, 1, 1, 0]
    assert [each.handed_over for each in found] == [False] * 7 + [True]
    assert [each.timed for each in found] == [1, 1, 1, 1, 1, 1, 0, 0]
    assert found[5].latency_ms == 20_000


async def test_a_look_reads_its_customers_page_by_page_and_none_beyond_the_first_that_is_open(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = uuid4()
    _, rollout = await begin(log, tenant)
    for _ in range(7):
        await ask(log, tenant, attempt())
    whole = await read(log, tenant, rollout)
    monkeypatch.setattr(outcomes, "PAGE", 2)
    assert await read(log, tenant, rollout) == whole
    fifth = whole[4].at + timedelta(seconds=PLAN.window)
    for until, pages in ((now() + LATER, [2, 2, 2, 1]), (fifth - timedelta(microseconds=1), [2, 2, 2])):
        async with log.database.tenant(tenant) as connection:
            sql = Counting(connection)
            await closed_outcomes(sql, tenant, rollout, new=ON, beside=OFF, until=until)
        assert sql.rows[1:] == pages, "after the split itself"
