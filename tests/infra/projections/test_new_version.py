"""Projections of another version, and new ones, come into use without a gap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, ClassVar
from uuid import uuid4

import psycopg
import pytest

from infra.projections.read_models import create_read_models
from projections.costs import Costs
from tests.infra.log.parts import Log, context
from tests.infra.projections.copies import caught_up, log_without_copies, role, shop_of
from tests.infra.projections.parts import begun, calls, exchange, talk, until_called
from tests.until import PATIENCE


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_without_copies(database_url) as log:
        yield log


class NewCosts(Costs):
    """As after an upgrade: each call counts double."""

    version: ClassVar[int] = Costs.version + 1

    async def apply(self, batch: Any, sql: Any) -> None:
        await super().apply(batch, sql)
        await super().apply(batch, sql)


async def test_a_new_version_is_built_beside_the_old_one_and_put_in_place(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 3)
    await caught_up(log)
    async with role(log):  # a process of the old version goes on
        async with await psycopg.AsyncConnection.connect(log.url, autocommit=True) as superuser:
            await create_read_models(superuser, (NewCosts(),))
        assert await calls(log, tenant) == 3
        async with role(log, (NewCosts(),)):
            await until_called(log, tenant, 6)
            await talk(log, tenant, 1)
            await until_called(log, tenant, 8)
    assert await calls(log, tenant) == 8
    with psycopg.connect(log.url, autocommit=True) as superuser:
        query = "SELECT place, version FROM retrace.builds WHERE projection = 'costs' ORDER BY place"
        assert superuser.execute(query).fetchall() == [("live", NewCosts.version), ("old", Costs.version)]
        # Back to what the other tests have.
        superuser.execute(
            "UPDATE retrace.builds SET version = %s WHERE projection = 'costs' AND place = 'live'",
            [Costs.version],
        )
        superuser.execute("DELETE FROM retrace.cursors WHERE projection = 'costs'")
        superuser.execute("TRUNCATE retrace.costs, retrace.costs_latency")


async def test_a_projection_that_comes_late_is_not_read_half_built(log: Log) -> None:
    tenant = uuid4()
    conversation = begun()
    for _ in range(500):
        exchange(conversation)
    await log.store.save(conversation, context=context(tenant))
    with psycopg.connect(log.url, autocommit=True) as superuser:  # as before it was written
        superuser.execute("DROP TABLE retrace.costs, retrace.costs_latency CASCADE")
        superuser.execute("DELETE FROM retrace.builds WHERE projection = 'costs'")
        superuser.execute("DELETE FROM retrace.cursors WHERE projection = 'costs'")
    async with await psycopg.AsyncConnection.connect(log.url, autocommit=True) as connection:
        await create_read_models(connection)
        await create_read_models(connection)
    seen = [await calls(log, tenant)]
    async with role(log):
        async with asyncio.timeout(PATIENCE):
            while seen[-1] != 500:
                seen.append(await calls(log, tenant))
    assert set(seen) == {0, 500}
    async with shop_of(log) as shop:
        live = await shop.copy("live")
        assert (live.version, await shop.build("old")) == (Costs.version, None)
