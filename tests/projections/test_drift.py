"""The read model `drift` on the real log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from domain.models.completion import Attempt
from infra.projections.sql import TransactionSql
from projections.drift import is_revision, list_drift
from tests.infra.log.parts import Log
from tests.infra.projections.parts import projecting, rows
from tests.projections.calls import attempt, call, meter

BEGAN = datetime(2026, 11, 30, tzinfo=UTC)


def served(model: str, served: str | None, hour: int, *, cached: bool = False) -> Attempt:
    changes = {"served": served, "started_at": BEGAN + timedelta(hours=hour), "cached": cached}
    return msgspec.structs.replace(attempt(model=model), **changes)


async def test_what_was_served_in_another_s_place_is_told_with_its_times(log: Log) -> None:
    tenant = uuid4()
    await meter(log, tenant, served("gemini-2.5-pro", "gemini-2.5-pro", 1), served("gpt-4o", None, 2))
    await meter(log, tenant, served("gemini-2.5-pro", "gemini-4-argon", 9))
    await call(log, tenant, served("gemini-2.5-pro", "gemini-4-argon", 3))
    await meter(log, tenant, served("gemini-2.5-pro", "gemini-4-argon", 5))
    await meter(log, tenant, served("gpt-4o", "gpt-4o-2024-08-06", 4), served("x", "y", 5, cached=True))
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
    first, second = await read(log, tenant)
    assert (first.requested, first.served, first.calls) == ("gemini-2.5-pro", "gemini-4-argon", 3)
    assert (first.first_at, first.last_at) == (BEGAN + timedelta(hours=3), BEGAN + timedelta(hours=9))
    assert first.rerouted
    assert (second.served, second.rerouted, second.calls) == ("gpt-4o-2024-08-06", False, 1)
    assert await read(log, uuid4()) == []


async def read(log: Log, tenant: UUID):  # type: ignore[no-untyped-def]
    async with log.database.tenant(tenant) as connection:
        return await list_drift(TransactionSql(connection), tenant)


async def test_a_rebuild_gives_the_same_rows(log: Log) -> None:
    tenant = uuid4()
    async with projecting(log) as projector:
        for hour in (7, 2, 9, 4):
            await meter(log, tenant, served("m", "other", hour), served("m", "m-1", hour))
            await projector.catch_up([tenant])
        live = await rows(log, tenant)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for name in (*live, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name} WHERE tenant = %s".encode(), [tenant])
        await projector.catch_up([tenant])
    assert len(live["drift"]) == 2
    assert await rows(log, tenant) == live


@pytest.mark.parametrize(
    ("requested", "served", "same"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("gemini-2.5-flash", "gemini-2.5-flash-001", True),
        ("gemini-2.5-flash", "gemini-2.5-flash-09-2025", True),
        ("gpt-4", "gpt-4-0613", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", False),
        ("gpt-4", "gpt-4.1", False),
        ("gemini-2.5-pro", "gemini-4-argon", False),
    ],
)
def test_a_dated_revision_is_no_other_model(requested: str, served: str, same: bool) -> None:
    assert is_revision(requested, served) == same
