"""Flags and their rollouts with the real log; time is set forward by plans that hold for no time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from application.flags.flag import (
    LOOK,
    ROLLOUT_WORK,
    ConfirmRollout,
    LookAtRollout,
    StartRollout,
    StopRollout,
    SwitchFlag,
    confirm_rollout,
    flags_at,
    flags_of,
    look_at_rollout,
    start_rollout,
    stop_rollout,
    switch_flag,
)
from application.ports import Seen, Unavailable
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound, Refused
from domain.flags.feature import bucket_of
from domain.flags.flag import Flags
from domain.flags.outcome import OFF, ON, Outcome
from domain.flags.plan import Plan, Step
from infra.postgres.database import Database
from infra.projections.reads import Reads
from interfaces.reading import ReadOutcomes
from projections import PROJECTIONS
from tests.cells import cell
from tests.infra.log.parts import Log, context, log_on, now
from tests.infra.projections.parts import projecting, talk

FLAG = "full_agent"
AT_ONCE = Plan(steps=(Step(percentage=50), Step(percentage=100)), least=10)


class Told:
    """Outcomes as the test has them: of `count` customers on each side."""

    def __init__(self, failed_on: int, failed_off: int = 0, count: int = 100) -> None:
        self.outcomes = [
            Outcome(
                position=number + 1,
                at=now() + timedelta(hours=1),
                new=new,
                share=0.5,
                answers=1,
                failed=int(number // 2 < (failed_on if new else failed_off)),
            )
            for number in range(2 * count)
            for new in (number % 2 == 0,)
        ]
        self.asked: list[UUID] = []

    async def closed(
        self, tenant: UUID, split: UUID, *, new: str = ON, beside: str = OFF, until: datetime
    ) -> Seen:
        self.asked.append(split)
        return Seen(position=7, until=until, outcomes=self.outcomes)


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


async def start(log: Log, about: Context, plan: Plan = AT_ONCE) -> None:
    await switch_flag(SwitchFlag(flag=FLAG, on=False), about, store=log.store, clock=now)
    await start_rollout(StartRollout(flag=FLAG, plan=plan), about, store=log.store, clock=now, ids=uuid4)


async def look(log: Log, about: Context, outcomes: Told | ReadOutcomes) -> datetime | None:
    return await look_at_rollout(
        LookAtRollout(flag=FLAG), about, store=log.store, outcomes=outcomes, clock=now
    )


async def percentage(log: Log, tenant: UUID) -> int:
    flags = await log.store.load(Flags, Flags.id_of(tenant), tenant=tenant)
    setting = flags.state.setting(FLAG)
    return setting.percentage if setting.on else 0


def owed(log: Log, tenant: UUID) -> list[str]:
    with psycopg.connect(log.url) as connection:
        query = "SELECT key FROM retrace.work WHERE tenant = %s AND kind = %s"
        return [row[0] for row in connection.execute(query, [tenant, ROLLOUT_WORK])]


async def test_a_tenant_without_flags_has_the_defaults(log: Log) -> None:
    tenant = uuid4()
    assert (await flags_of(tenant, store=log.store)).enabled(FLAG, "anybody")
    assert (await flags_of(tenant, store=log.store)).settings == {}


async def test_a_switch_is_an_event_and_holds_for_its_part_of_the_subjects(log: Log) -> None:
    about = context()
    changed = await switch_flag(SwitchFlag(flag=FLAG, percentage=40), about, store=log.store, clock=now)
    topics = {recorded.position: recorded.topic async for recorded in log.store.events(about.tenant)}
    assert topics == {1: "flags.created", 2: "flags.switched"}
    assert changed.position == 2
    for n in range(50):
        expected = bucket_of(FLAG, f"c{n}") <= 40
        assert (await flags_of(about.tenant, store=log.store)).enabled(FLAG, f"c{n}") == expected
    same = await switch_flag(SwitchFlag(flag=FLAG, on=True), about, store=log.store, clock=now)
    assert same.position == 0


async def test_flags_are_told_as_they_were_at_any_position(log: Log) -> None:
    about, conversation = context(), uuid4()
    for on in (False, True, False):
        await switch_flag(SwitchFlag(flag=FLAG, on=on), about, store=log.store, clock=now)
    told = [
        (await flags_at(position, about.tenant, store=log.store)).in_force(about.tenant, conversation)[FLAG]
        for position in range(5)
    ]
    assert told == [True, True, False, True, False]


async def test_flags_that_there_are_not_are_refused_everywhere(log: Log) -> None:
    about = context()
    with pytest.raises(NotFound):
        await switch_flag(SwitchFlag(flag="nonesuch", on=True), about, store=log.store, clock=now)
    with pytest.raises(NotFound):
        await start_rollout(StartRollout(flag="nonesuch"), about, store=log.store, clock=now, ids=uuid4)
    with pytest.raises(NotFound):
        await confirm_rollout(ConfirmRollout(flag="nonesuch"), about, store=log.store, clock=now)
    with pytest.raises(Refused):
        await confirm_rollout(ConfirmRollout(flag=FLAG), about, store=log.store, clock=now)
    for reason, refusal in (("why", Refused), (" ", Invalid)):
        with pytest.raises(refusal):
            await stop_rollout(StopRollout(flag=FLAG, reason=reason), about, store=log.store, clock=now)
    assert owed(log, about.tenant) == []


async def test_a_rollout_is_looked_at_until_it_has_ended(log: Log) -> None:
    about, seen = context(), Told(0)
    await start(log, about)
    assert (await percentage(log, about.tenant), owed(log, about.tenant)) == (50, [FLAG])
    assert await look(log, about, seen) is None
    assert await percentage(log, about.tenant) == 100
    assert await look(log, about, seen) is None
    assert len(seen.asked) == 1


async def test_a_step_that_has_to_hold_is_looked_at_again(log: Log) -> None:
    about = context()
    await start(log, about, Plan())
    again = await look(log, about, Told(0))
    assert again is not None
    assert abs(again - now() - LOOK).total_seconds() < 5
    assert await percentage(log, about.tenant) == 10


async def test_a_metric_that_fails_takes_a_rollout_back(log: Log) -> None:
    about = context()
    await start(log, about, Plan())
    assert await look(log, about, Told(failed_on=50)) is None
    assert await percentage(log, about.tenant) == 0
    last = [recorded.event async for recorded in log.store.events(about.tenant)][-1]
    assert isinstance(last, Flags.RolledBack)
    assert last.judgement is not None
    assert last.judgement.finding is not None
    assert last.judgement.finding.metric == "failure_rate"
    assert (last.judgement.position, last.judgement.step) == (7, (100, 100))


async def test_a_confirmed_rollout_waits_for_somebody(log: Log) -> None:
    about, plan = context(), Plan(steps=AT_ONCE.steps, automatic=False, least=10)
    await start(log, about, plan)
    assert await look(log, about, Told(0)) is not None
    assert await percentage(log, about.tenant) == 50
    await confirm_rollout(ConfirmRollout(flag=FLAG), about, store=log.store, clock=now)
    assert await percentage(log, about.tenant) == 100


async def test_a_stopped_rollout_owes_nothing_any_more(log: Log) -> None:
    about = context()
    await start(log, about)
    stop = StopRollout(flag=FLAG, reason="not now", back=True)
    await stop_rollout(stop, about, store=log.store, clock=now)
    assert (await percentage(log, about.tenant), owed(log, about.tenant)) == (0, [])
    assert await look(log, about, Told(100)) is None


async def test_outcomes_are_read_out_of_the_read_model_and_never_out_of_an_old_one(log: Log) -> None:
    about = context()
    await start(log, about, Plan(steps=(Step(percentage=99), Step(percentage=100)), least=1, window=0))
    for _ in range(8):
        await talk(log, about.tenant, 1)
    async with Database(cell(log.url), role="retrace_runner", size=2) as system:
        reads = Reads(log.database, system, PROJECTIONS, patience=timedelta(seconds=0.1))
        with pytest.raises(Unavailable):
            await look(log, about, ReadOutcomes(reads))
        async with projecting(log) as projector:
            await projector.catch_up([about.tenant])
        flags = await log.store.load(Flags, Flags.id_of(about.tenant), tenant=about.tenant)
        rollout = flags.state.rollouts[FLAG].id
        seen = await ReadOutcomes(reads).closed(about.tenant, rollout, until=now())
        assert (len(seen.outcomes), seen.position) == (8, await reads.head(about.tenant))
        assert await look(log, about, ReadOutcomes(reads)) is not None  # too young to be looked at
