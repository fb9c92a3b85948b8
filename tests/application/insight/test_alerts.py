"""Alerts on the real log, read model and clock of their own; people are played."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio

from application.audit.verification import ConcludeVerification, conclude_verification
from application.insight.alerts.answering import SilenceAlert, silence_alert
from application.insight.alerts.channel import (
    AddAlertChannel,
    ChangeAlertChannel,
    add_alert_channel,
    change_alert_channel,
    remove_alert_channel,
    try_alert_channel,
)
from application.insight.alerts.evaluate import evaluate_alerts
from application.insight.alerts.known import KnownAlerts
from application.insight.alerts.replayed import replay_alerts
from application.insight.alerts.rule import ResetAlertRule, SetAlertRule, reset_alert_rule, set_alert_rule
from application.insight.alerts.send import SendAlert, send_alert
from application.insight.alerts.standing import standing
from application.insight.alerts.tell import SEND_WORK
from application.ports import AlertTaken, ChannelField, Checked
from domain.base.context import Context
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.channels import AlertChannel, AlertChannels
from domain.insight.alerts.counted import slot_of, start_of
from domain.insight.alerts.message import AlertMessage
from domain.insight.alerts.notification import AlertNotification
from domain.insight.alerts.rule import Rule
from infra.alerts.keeping import hasten_alert_looks, owe_alert_looks
from infra.crypto.keyring import Keyring
from infra.log.reader import Reader
from infra.postgres.database import Database
from infra.projections.projector import Projector
from interfaces.bootstrap import Services
from projections import PROJECTIONS
from tests.application.conftest import Shop
from tests.cells import cell
from tests.infra.projections.parts import begun
from tests.projections.calls import ROUTING, attempt

AWAY = AlertTaken(reason="it did not answer in time")
GONE = AlertTaken(reason="it answered 404", lasting=True)


@dataclass
class People:
    """Channels by name: what each has got; `answers`: what becomes of what is sent to it next, in order."""

    got: list[tuple[str, str, str]] = field(default_factory=list)
    answers: dict[str, list[AlertTaken]] = field(default_factory=dict)
    kinds: Mapping[str, tuple[ChannelField, ...]] = field(default_factory=dict)

    async def check(self, kind: str, given: Mapping[str, str], known: Collection[str]) -> Checked:
        return Checked(settings=given, secrets={})

    async def send(self, channel: AlertChannel, message: AlertMessage, id: UUID) -> AlertTaken:
        left = self.answers.get(channel.name) or []
        told = left.pop(0) if left else AlertTaken()
        if told.taken:
            self.got.append((channel.name, message.what, message.rule))
        return told


@dataclass
class World:
    """A tenant whose clock is moved by hand."""

    shop: Shop
    people: People
    projector: Projector
    at: datetime
    parts: Services = field(init=False)

    def __post_init__(self) -> None:
        self.parts = dataclasses.replace(
            self.shop.parts, clock=lambda: self.at, alert_senders=self.people, known_alerts=KnownAlerts()
        )

    @property
    def context(self) -> Context:
        return self.shop.context

    async def calls(self, good: int, bad: int) -> None:
        conversation = begun()
        made = [attempt()] * good + [attempt("unavailable")] * bad
        interaction = conversation.receive(message="1", text="q", interaction=uuid4(), at=self.at)
        conversation.meter(interaction, routing=ROUTING, attempts=tuple(made), at=self.at)
        await self.parts.store.save(conversation, context=self.context)

    async def look(self, minutes: float = 1) -> str:
        """After so many minutes; the state of `provider_errors`."""
        self.at += timedelta(minutes=minutes)
        await self.projector.catch_up([self.context.tenant])
        assert await evaluate_alerts(self.context, self.parts) >= self.at + timedelta(seconds=60)
        return await self.state("provider_errors")

    async def state(self, name: str) -> str:
        found = await standing(self.context.tenant, store=self.parts.store, clock=self.parts.clock)
        return next(each.status.state for each in found if each.name == name)

    async def send(self) -> None:
        """All that is due, as a worker does it."""
        for kind, key in sorted(await self.shop.owed()):
            if kind == SEND_WORK:
                notification, channel = map(UUID, key.split("/"))
                await send_alert(
                    SendAlert(notification=notification, channel=channel), self.context, self.parts
                )

    async def add(self, name: str) -> UUID:
        command = AddAlertChannel(kind="played", name=name, settings={})
        return (await add_alert_channel(command, self.context, self.parts)).channel.id

    async def events(self, *kinds: type) -> list[object]:
        every = [each.event async for each in self.parts.store.events(self.context.tenant)]
        return [event for event in every if isinstance(event, kinds)]

    async def same_again(self) -> int:
        """All that was decided comes out so once more, from the log; how many."""
        found = await replay_alerts(self.context.tenant, store=self.parts.store)
        assert (found.differing, found.rows) == (0, [])
        return found.evaluations


@pytest_asyncio.fixture(scope="module")
async def timeless(parts: Services) -> None:
    """The log holds writers to the time that it is; in this database it does not, so that hours pass at once."""
    async with await psycopg.AsyncConnection.connect(str(parts.settings.database_url)) as connection:
        query = "SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.proname = 'append' ORDER BY p.pronargs DESC LIMIT 1"
        ((made,),) = await (await connection.execute(query)).fetchall()
        for held in ("- interval '15 seconds'", "+ interval '5 seconds'"):
            assert held in made
            made = made.replace(held, held[:1] + " interval '30 days'")
        await connection.execute(made)


@pytest_asyncio.fixture
async def world(shop: Shop, timeless: None) -> AsyncIterator[World]:
    url = str(shop.parts.settings.database_url)
    async with Database(cell(url), role="retrace_projector", size=1) as writer:
        reader = Reader(writer, Keyring(writer, shop.parts.settings.master()))
        projector = Projector(
            PROJECTIONS, writer=writer, system=shop.parts.system, reader=reader, hints=shop.parts.hints
        )
        begin = start_of(slot_of(shop.parts.clock()))  # so that minutes lie in one slot as the test has them
        yield World(shop, People(), projector, begin)


async def test_a_metric_that_flaps_sends_one_message_and_its_end_one(world: World) -> None:
    await world.add("ops")
    now = Rule(metric="provider_errors", threshold=0.05, window_minutes=5, minimum=20)
    await set_alert_rule(SetAlertRule(name="provider_errors", rule=now), world.context, world.parts)
    await world.calls(20, 0)
    assert await world.look(0) == "ok"
    for _ in range(6):  # five minutes are bad, the next five well
        for bad in (20, 0):
            world.at += timedelta(minutes=5)
            await world.calls(40, bad)
            assert await world.look(0) == "alert"
    await world.send()
    assert [what for _, what, _ in world.people.got] == ["firing"]
    assert await world.state("provider_errors") == "alert"
    for _ in range(3):
        world.at += timedelta(minutes=5)
        await world.calls(60, 0)
        await world.look(0)
    await world.send()
    assert [what for _, what, _ in world.people.got] == ["firing", "resolved"]
    assert await world.same_again() > 8
    assert await world.state("provider_errors") == "ok"


async def test_what_is_on_record_says_why(world: World) -> None:
    await world.calls(80, 20)
    await world.look()
    assert await world.look(2) == "alert"
    changes = await world.events(Alerts.StateChanged)
    (change,) = [each for each in changes if isinstance(each, Alerts.StateChanged) and each.state == "alert"]
    evidence = change.evidence
    assert evidence is not None
    assert evidence.figures is not None
    assert (evidence.figures.calls, evidence.figures.failures, evidence.value) == (100, 20, 0.2)
    assert (evidence.figures.cost, evidence.figures.timed) == (Decimal("0.080"), 0)
    assert evidence.position is not None
    assert evidence.since is not None
    assert evidence.until is not None
    assert evidence.until - evidence.since == timedelta(minutes=15)
    assert await world.same_again() > 0


async def test_where_nothing_changes_nothing_is_written(world: World) -> None:
    before = await world.parts.reads.head(world.context.tenant)
    for _ in range(3):
        await world.look()
    assert await world.parts.reads.head(world.context.tenant) == before


async def test_an_alert_that_nobody_is_to_be_told_of_takes_one_read_a_look_until_there_is_somebody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.calls(10, 30)
    for _ in range(5):
        state = await world.look()
    assert state == "alert"
    real, reads = Database.read_all, []

    async def counted(self: Database, tenant: UUID, *statements: Any) -> Any:
        reads.append(statements)
        return await real(self, tenant, *statements)

    await world.projector.catch_up([world.context.tenant])
    with monkeypatch.context() as patched:
        patched.setattr(Database, "read_all", counted)
        await evaluate_alerts(world.context, world.parts)
    assert len(reads) == 1
    await world.add("People")
    await world.look()
    await world.send()
    assert [each for each in world.people.got if each[2] == "provider_errors"] == [
        ("People", "firing", "provider_errors")
    ]


async def test_a_dead_channel_loses_nothing_and_the_others_are_told(world: World) -> None:
    dead, good = await world.add("dead"), await world.add("good")
    rule = Rule(metric="provider_errors", threshold=0.05, window_minutes=15, channels=(dead,))
    await set_alert_rule(SetAlertRule(name="provider_errors", rule=rule), world.context, world.parts)
    world.people.answers["dead"] = [AWAY] * 3
    await world.calls(80, 20)
    assert await world.look() == "alert"
    for tries in range(1, 4):
        await world.send()
        failed = (await world.events(AlertNotification.NotTaken))[-1]
        assert isinstance(failed, AlertNotification.NotTaken)
        assert (failed.channel, failed.reason) == (dead, AWAY.reason)
        assert len(await world.events(AlertNotification.Tried)) == tries
        world.at = failed.next_at
    await world.send()
    assert sorted(world.people.got) == [
        ("dead", "firing", "provider_errors"),
        ("good", "undelivered", "provider_errors"),
    ]
    (known,) = await world.events(AlertChannels.ChannelFailed)
    assert isinstance(known, AlertChannels.ChannelFailed)
    assert len(await world.events(AlertChannels.ChannelRecovered)) == 1
    for minutes in (20, 12):
        world.at += timedelta(minutes=minutes)
        await world.calls(100, 0)
        state = await world.look(0)
    assert state == "ok"
    await world.send()
    assert {(name, what) for name, what, _ in world.people.got} >= {
        ("good", "resolved"),
        ("dead", "resolved"),
    }
    assert good != dead
    await world.same_again()


async def test_the_end_of_an_incident_waits_for_its_beginning(world: World) -> None:
    dead = await world.add("slow")
    world.people.answers["slow"] = [AWAY]
    await world.calls(80, 20)
    await world.look()
    await world.look(2)
    await world.send()
    for minutes in (20, 12):
        world.at += timedelta(minutes=minutes)
        await world.calls(100, 0)
        state = await world.look(0)
    assert state == "ok"
    (first, second) = await world.events(Alerts.Told)
    assert isinstance(first, Alerts.Told)
    assert isinstance(second, Alerts.Told)
    later = SendAlert(notification=second.notification, channel=dead)
    assert await send_alert(later, world.context, world.parts) is not None
    assert world.people.got == []
    await world.send()
    await world.send()
    assert [what for _, what, _ in world.people.got] == ["firing", "resolved"]


async def test_what_lasts_is_given_up_and_shown_and_told_elsewhere(world: World) -> None:
    gone = await world.add("gone")
    world.people.answers["gone"] = [GONE] * 9
    told = await try_alert_channel(gone, world.context, world.parts)
    assert (told.outcome, told.reason, told.tries) == ("failed", GONE.reason, 1)
    await world.calls(80, 20)
    await world.look()
    await world.look(2)
    await world.send()
    given_up = await world.events(AlertNotification.GivenUp)
    assert len(given_up) == 2
    channels = await world.parts.store.load(
        AlertChannels, AlertChannels.id_of(world.context.tenant), tenant=world.context.tenant
    )
    assert channels.channel(gone).failing == GONE.reason
    mended = ChangeAlertChannel(channel=gone, name="mended", settings={})
    assert (await change_alert_channel(mended, world.context, world.parts)).channel.failing is None
    assert (await try_alert_channel(gone, world.context, world.parts)).outcome == "sent"
    assert world.people.got == [("mended", "test", "test")]


async def test_a_silence_holds_and_a_rule_that_is_removed_ends_its_incident(world: World) -> None:
    channel = await world.add("ops")
    mine = Rule(metric="provider_errors", threshold=0.5, window_minutes=15)
    await set_alert_rule(SetAlertRule(name="mine", rule=mine), world.context, world.parts)
    until = world.at + timedelta(minutes=10)
    for name in ("mine", "provider_errors"):
        command = SilenceAlert(rule=name, until=until, reason="maintenance")
        await silence_alert(command, world.context, world.parts)
    await world.calls(10, 90)
    await world.look()
    await world.look(2)
    await world.send()
    assert (await world.state("mine"), world.people.got) == ("alert", [])
    await world.look(8)
    await world.send()
    assert sorted(world.people.got) == [("ops", "firing", "mine"), ("ops", "firing", "provider_errors")]
    await reset_alert_rule(ResetAlertRule(name="mine"), world.context, world.parts)
    await world.look()
    await world.send()
    assert world.people.got[2:] == [("ops", "resolved", "mine")]
    await remove_alert_channel(channel, world.context, world.parts)
    await world.same_again()


async def test_a_verification_that_fails_is_an_alert_until_one_passes(world: World) -> None:
    bad = ConcludeVerification(events=9, faults={"forged": 1}, first=4)
    for command in (bad, ConcludeVerification(events=9, faults={})):
        parts = world.parts
        await conclude_verification(command, world.context, store=parts.store, clock=parts.clock)
        await world.look()
        assert await world.state("failed_verification") == ("alert" if command is bad else "ok")
    await world.same_again()


async def test_figures_that_are_too_old_tell_nothing(world: World) -> None:
    await world.calls(80, 20)
    await world.look()
    assert await world.look(2) == "alert"
    tenant = world.context.tenant
    await world.projector.catch_up([tenant])
    await world.calls(1, 0)
    url = str(world.parts.settings.database_url)
    async with await psycopg.AsyncConnection.connect(url) as connection:  # the event has waited for an hour
        await connection.execute(
            "UPDATE retrace.events SET recorded_at = recorded_at - interval '1 hour' WHERE (tenant, seq) = "
            "(SELECT tenant, seq + 1 FROM retrace.cursors WHERE tenant = %s AND projection = 'alert_figures')",
            [tenant],
        )
    world.at += timedelta(minutes=1)
    await evaluate_alerts(world.context, world.parts)
    assert await world.state("provider_errors") == "unknown"


async def test_what_is_quiet_waits_until_its_log_moves_on_or_work_of_it_is_parked(world: World) -> None:
    tenant, system = world.context.tenant, world.parts.system
    await world.projector.catch_up([tenant])
    await evaluate_alerts(world.context, world.parts)  # states of their own begin
    await world.projector.catch_up([tenant])
    again = await evaluate_alerts(world.context, world.parts)
    assert again >= start_of(slot_of(world.at) + 1), "nothing has changed"
    url = str(world.parts.settings.database_url)

    async def hastened(sql: str) -> bool:
        """Whether the look comes sooner after this."""
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute("SET search_path = retrace")
            await connection.execute("UPDATE alert_plans SET due_at = now() - interval '1 hour'")
            far = "due_at = now() + interval '1 hour', wake_at = now() + interval '1 hour'"
            await connection.execute(
                f"UPDATE work SET {far}, lease_until = NULL, error = NULL WHERE kind = 'evaluate_alerts'".encode()
            )
            await connection.execute(sql.encode(), [tenant] if "%s" in sql else None)
            await hasten_alert_looks(system, 60)
            query = "SELECT wake_at <= now() FROM work WHERE tenant = %s AND kind = 'evaluate_alerts'"
            row = await (await connection.execute(query, [tenant])).fetchone()
        assert row is not None
        return bool(row[0])

    await owe_alert_looks(system, 60)
    assert await hastened("SELECT 1"), "it was never looked at by this plan"
    assert not await hastened("SELECT 1")
    await world.calls(1, 0)
    leased = "UPDATE work SET lease_until = now() + interval '1 minute' WHERE tenant = %s AND kind = 'evaluate_alerts'"
    assert not await hastened(leased), "somebody is at it"
    assert await hastened("SELECT 1")
    assert not await hastened("SELECT 1")
    parked = "INSERT INTO work (tenant, kind, key, due_at, wake_at, parked_at) VALUES (%s, 'x', 'x', now(), now(), clock_timestamp())"
    assert await hastened(parked)
    assert not await hastened("SELECT 1")


async def test_each_tenant_is_owed_a_look_once(world: World) -> None:
    for _ in range(2):
        await owe_alert_looks(world.parts.system, 60)
    assert [kind for kind, _ in await world.shop.owed()].count("evaluate_alerts") == 1
