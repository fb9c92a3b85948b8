"""Bodies of a save for each shard. What only several servers can show, a shard that is split off and moved while tenants are written to, is for `make citus`."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from application.ports import Unavailable
from domain.base.context import Context
from infra.citus import shards
from infra.citus.distributing import FUNCTIONS
from infra.schema.migrate import migrate
from tests import citus
from tests.cells import cell
from tests.infra.log.parts import MASTER, Log, log_on, started

TEXT = (FUNCTIONS / f"{shards.BODY}.sql").read_text()
COMMENT = re.compile(r"--[^\n]*")
ISOLATE = "SELECT isolate_tenant_to_new_shard('retrace.heads', %s::text, 'CASCADE', 'block_writes')"
PLACE = """
SELECT n.nodename, n.nodeport, n.groupid FROM pg_dist_placement p JOIN pg_dist_node n ON n.groupid = p.groupid WHERE p.shardid = %s
"""
ELSEWHERE = "SELECT nodename, nodeport, groupid FROM pg_dist_node WHERE shouldhaveshards AND isactive AND groupid <> %s LIMIT 1"
MOVE = "SELECT citus_move_shard_placement(%s, %s, %s, %s, %s, 'block_writes')"


def test_a_body_names_the_tables_of_its_shard_alone() -> None:
    numbers = {table: 200 + place for place, table in enumerate(shards.TABLES)}
    body = COMMENT.sub("", shards.body_of(TEXT, 200, numbers))
    assert "FUNCTION append_in_200(" in body
    assert "force_generic_plan" in body
    for table, number in numbers.items():
        assert f" {table}_{number} " in body
    left = [
        line.strip()
        for line in body.splitlines()
        for table in shards.TABLES
        if re.search(rf"\b(FROM|JOIN|INTO|UPDATE|USING) {table}\b", line)
    ]
    assert left == []


@pytest.fixture(name="spread_url")
async def _spread_url() -> AsyncIterator[str]:
    with citus.database(f"shards_{os.getpid()}") as url:
        await migrate(cell(url, MASTER))
        yield url


async def _writes(log: Log, tenant: UUID, until: asyncio.Event) -> int:
    """Streams begun one after the other, each of two events; how many were acknowledged. Who waits too long for the shard hears of it."""
    done = 0
    while not until.is_set():
        try:
            await _save(log, tenant)
        except Unavailable:
            continue
        done += 1
    return done


async def _save(log: Log, tenant: UUID) -> None:
    await log.store.save(started(), context=Context(tenant=tenant, actor="key:test", correlation=uuid4()))


async def _complete(url: str) -> bool:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await shards.complete(connection)


async def _asked(url: str, query: str, *values: Any) -> tuple[Any, ...]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        row = await (await connection.execute(query.encode(), values)).fetchone()
    assert row is not None
    return tuple(row)


@pytest.mark.skipif(citus.url() is None, reason="on a Citus: make citus")
async def test_nothing_is_lost_while_a_shard_is_split_off_and_moved(spread_url: str) -> None:
    tenants, stop = [uuid4() for _ in range(4)], asyncio.Event()
    assert await _complete(spread_url)
    async with log_on(spread_url) as log:
        writers = [asyncio.create_task(_writes(log, tenant, stop)) for tenant in tenants for _ in range(2)]
        try:
            await asyncio.sleep(0.5)
            (shard,) = await _asked(spread_url, ISOLATE, str(tenants[0]))
            assert not await _complete(spread_url), "the new shards have none"
            await asyncio.sleep(0.5)
            host, port, group = await _asked(spread_url, PLACE, shard)
            there, there_port, _ = await _asked(spread_url, ELSEWHERE, group)
            await _asked(spread_url, MOVE, shard, host, port, there, there_port)
            await asyncio.sleep(0.5)
        finally:
            stop.set()
            done = await asyncio.gather(*writers)
        assert min(done) > 0
        await migrate(cell(spread_url, MASTER))
        assert await _complete(spread_url)
        await _save(log, tenants[0])
        for place, tenant in enumerate(tenants):
            positions = [event.position async for event in log.store.events(tenant)]
            assert positions == list(range(1, len(positions) + 1))
            assert len(positions) == 2 * sum(done[2 * place : 2 * place + 2]) + (2 if place == 0 else 0)
