"""Events that a projection can not apply: parked, retried, skipped; on record."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, ClassVar
from uuid import UUID, uuid4

import psycopg
import pytest

from application.operations.projections import (
    SkipProjectionEvent,
    raise_projection_alert,
    skip_projection_event,
)
from application.ports import PROJECTION_ALERT_WORK
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.operations.projections import Projections
from infra.projections.comparing import compare
from infra.projections.parking import check_skippable, forget_parked, retry
from infra.projections.rebuild import rebuild
from infra.projections.switching import switch
from tests.infra.log.parts import Log, context, now
from tests.infra.projections.copies import caught_up, log_without_copies, shop_of
from tests.infra.projections.parts import Poisoned, begun, calls, exchange, projecting


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_without_copies(database_url) as log:
        yield log


async def poisoned(log: Log) -> tuple[UUID, int]:
    """A tenant whose second answer `Poisoned` can't apply, and that answer's position."""
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
    )
    conversation = begun()
    for latency in (1.0, 666.0, 1.0):
        exchange(conversation, latency)
    await log.store.save(conversation, context=context(made.tenant))
    await caught_up(log, (Poisoned(),))
    assert await calls(log, made.tenant) == 2
    with psycopg.connect(log.url) as superuser:
        (row,) = superuser.execute(
            "SELECT seq FROM retrace.parked WHERE tenant = %s", [made.tenant]
        ).fetchall()
    return made.tenant, int(row[0])


async def test_a_parked_event_is_applied_in_its_turn_once_the_handler_is_mended(log: Log) -> None:
    tenant, position = await poisoned(log)
    async with shop_of(log, Poisoned()) as shop:
        with pytest.raises(NotFound):
            await retry(shop, tenant, position + 1)
        done = await retry(shop, tenant, position)
        assert (done.solved, done.parked) == ([], {position: "ValueError"})
        assert await shop.build("next") is None
    assert await calls(log, tenant) == 2
    async with shop_of(log) as shop:
        done = await retry(shop, tenant)
        assert (done.solved, done.parked) == ([position], {})
        assert await shop.build("next") is None
        assert await calls(log, tenant) == 3
        with pytest.raises(NotFound):
            await retry(shop, tenant)
        await rebuild(shop, tenant=tenant)
        assert (await compare(shop)).differing == 0


async def test_a_skipped_event_is_on_record_and_left_out_of_rebuilds(log: Log) -> None:
    tenant, position = await poisoned(log)
    command = SkipProjectionEvent(
        projection="costs", position=position, reason="counted twice by the provider"
    )
    async with shop_of(log) as shop:
        with pytest.raises(NotFound):
            await check_skippable(shop, tenant, position + 1)
        await check_skippable(shop, tenant, position)
        at = await skip_projection_event(command, context(tenant), store=log.store, clock=now)
        assert await skip_projection_event(command, context(tenant), store=log.store, clock=now) == 0
        await forget_parked(shop, tenant, position)
        recorded = await log.store.event(tenant, at)
        assert recorded.topic == "tenant.projection_event_skipped"
        with pytest.raises(NotFound):
            await retry(shop, tenant)
        await rebuild(shop, tenant=tenant)  # by a handler that could apply it
        assert (await compare(shop)).differing == 0
        await switch(shop)
    assert await calls(log, tenant) == 2


async def alerts(log: Log, tenant: UUID) -> list[Any]:
    """Does the alerts that are owed, as a worker does; what the log has of them then."""
    with psycopg.connect(log.url, autocommit=True) as superuser:
        query = (
            "DELETE FROM retrace.work WHERE tenant = %s AND kind = %s RETURNING key, correlation, causation"
        )
        owed = superuser.execute(query, [tenant, PROJECTION_ALERT_WORK]).fetchall()
    for key, correlation, causation in (*owed, *owed):  # at least once
        about = Context(tenant=tenant, actor="system:projector", correlation=correlation, causation=causation)
        await raise_projection_alert(key, about, store=log.store, clock=now)
    stream = log.store.stream(tenant, Projections.id_of(tenant))
    return [recorded.event async for recorded in stream]


async def test_parking_raises_one_alert_for_each_event_however_often_it_is_parked(log: Log) -> None:
    tenant, position = await poisoned(log)
    begun, alert = await alerts(log, tenant)
    assert isinstance(begun, Projections.Begun)
    assert isinstance(alert, Projections.EventParked)
    assert (alert.projection, alert.position, alert.kind, alert.error) == (
        "costs",
        position,
        "conversation.metered",
        "ValueError",
    )
    parked = await log.store.event(tenant, position)
    *_, recorded = [each async for each in log.store.stream(tenant, Projections.id_of(tenant))]
    assert (recorded.correlation, recorded.causation) == (parked.correlation, parked.id)
    async with shop_of(log, Poisoned()) as shop:
        await retry(shop, tenant, position)  # parks it again, in a copy
    assert len(await alerts(log, tenant)) == 2


class Stopping(Poisoned):
    on_failure: ClassVar[Any] = "stop"


async def test_a_skip_lets_a_stopped_projection_go_on(log: Log) -> None:
    conversation = begun()
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
    )
    tenant = made.tenant
    async with projecting(log, (Stopping(),)) as live, shop_of(log, Stopping()) as shop:
        await live.catch_up([tenant])  # it knows of no skip
        for latency in (1.0, 666.0, 1.0):
            exchange(conversation, latency)
        await log.store.save(conversation, context=context(tenant))
        await live.catch_up([tenant])
        assert await calls(log, tenant) == 1
        with psycopg.connect(log.url) as superuser:
            query = "SELECT stopped FROM retrace.cursors WHERE tenant = %s"
            (stopped,) = superuser.execute(query, [tenant]).fetchone() or ("",)
        *_, alert = await alerts(log, tenant)
        assert isinstance(alert, Projections.Stopped)
        assert (alert.projection, alert.place, alert.reason) == ("costs", "live", "ValueError")
        position = int(re.findall(r"event (\d+) can't be applied", stopped)[0])
        await check_skippable(shop, tenant, position)
        command = SkipProjectionEvent(projection="costs", position=position, reason="broken")
        await skip_projection_event(command, context(tenant), store=log.store, clock=now)
        await forget_parked(shop, tenant, position)
        await live.catch_up([tenant])
        assert await calls(log, tenant) == 2
