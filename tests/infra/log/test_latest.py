from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from domain.base.errors import Ahead, NotFound
from domain.tenancy.tenant import Tenant
from infra.log.latest import Latest
from tests.infra.log.parts import Log, context, log_on, now


@pytest_asyncio.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


class Asked:
    """Counts how often the log is asked, and holds every question up."""

    def __init__(self, found: Tenant | None) -> None:
        self.found, self.times, self.go_on = found, 0, asyncio.Event()

    async def __call__(self, kind: object, id: UUID, tenant: UUID, known: object) -> Tenant | None:
        self.times += 1
        found = self.found
        await self.go_on.wait()
        return found


async def nowhere(tenant: UUID) -> int:
    return 0


@pytest.mark.parametrize("there", [True, False])
async def test_of_many_who_want_it_at_once_one_asks_the_log(there: bool) -> None:
    tenant = uuid4()
    asked = Asked(Tenant.create(Tenant.Created, id=tenant, at=now(), name="a") if there else None)
    latest = Latest(asked, nowhere)
    waiting = [asyncio.create_task(latest.get(Tenant, tenant, tenant)) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # whoever goes away takes nothing from the others
    asked.go_on.set()
    _, *others = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(each, Tenant if there else NotFound) for each in others)
    assert asked.times == 1


async def test_those_who_need_what_is_newer_than_the_look_under_way_share_the_next_one() -> None:
    tenant = uuid4()
    asked = Asked(None)
    latest = Latest(asked, nowhere)
    early = asyncio.create_task(latest.get(Tenant, tenant, tenant))
    while not asked.times:
        await asyncio.sleep(0)
    asked.found = Tenant.create(Tenant.Created, id=tenant, at=now(), name="a")
    late = []
    for _ in range(50):
        late.append(asyncio.create_task(latest.get(Tenant, tenant, tenant, since=time.monotonic())))
        await asyncio.sleep(0)
    assert asked.times == 1
    asked.go_on.set()
    with pytest.raises(NotFound):
        await early
    assert {found.state.name for found in await asyncio.gather(*late)} == {"a"}
    assert asked.times == 2


async def test_what_was_asked_before_a_write_of_ones_own_is_not_kept() -> None:
    tenant = uuid4()
    asked = Asked(None)
    latest = Latest(asked, nowhere)
    early = asyncio.create_task(latest.get(Tenant, tenant, tenant))
    while not asked.times:
        await asyncio.sleep(0)
    asked.found = Tenant.create(Tenant.Created, id=tenant, at=now(), name="a")
    latest.changed(tenant, tenant)
    asked.go_on.set()
    with pytest.raises(NotFound):
        await early
    assert (await latest.get(Tenant, tenant, tenant)).state.name == "a"


async def test_a_process_sees_its_own_writes_at_once(log: Log) -> None:
    tenant = uuid4()
    with pytest.raises(NotFound):
        await log.store.latest(Tenant, tenant, tenant=tenant)
    made = Tenant.create(Tenant.Created, id=tenant, at=now(), name="a")
    await log.store.save(made, context=context(tenant))
    assert (await log.store.latest(Tenant, tenant, tenant=tenant)).state.name == "a"


async def test_who_asks_for_a_position_sees_what_another_process_has_written(database_url: str) -> None:
    tenant = uuid4()
    async with log_on(database_url) as here, log_on(database_url) as there:
        made = Tenant.create(Tenant.Created, id=tenant, at=now(), name="a")
        await there.store.save(made, context=context(tenant))
        assert (await here.store.latest(Tenant, tenant, tenant=tenant)).state.name == "a"
        for name in ("b", "c"):
            made.rename(name, now())
            saved = await there.store.save(made, context=context(tenant))
            await here.store.reach(tenant, saved.position)
            assert (await here.store.latest(Tenant, tenant, tenant=tenant)).state.name == name
        with pytest.raises(Ahead, match="ends at position 3, before 4") as ahead:
            await here.store.reach(tenant, saved.position + 1)
        assert ahead.value.facts == {"end": 3}
