"""Settings with the real log: begun by the first change, changed again where another process was first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from application.base.setting import Changed, change_setting, latest_setting, load_setting
from domain.base.context import Context, Expected
from domain.base.errors import Conflict, Invalid
from domain.privacy.retention import Retention
from tests.infra.log.parts import Log, context, log_on, now


@pytest_asyncio.fixture(name="logs")
async def _logs(database_url: str) -> AsyncIterator[tuple[Log, Log]]:
    """Of two processes."""
    async with log_on(database_url) as here, log_on(database_url) as there:
        yield here, there


async def keep(log: Log, days: int | None, about: Context) -> Changed[Retention]:
    return await change_setting(
        Retention, lambda retention: retention.keep(days, now()), about, store=log.store, clock=now
    )


async def topics(log: Log, tenant: UUID) -> list[str]:
    return [recorded.topic async for recorded in log.store.events(tenant)]


async def test_the_first_change_begins_it_and_the_next_one_goes_on(logs: tuple[Log, Log]) -> None:
    log, about = logs[0], context()
    assert await load_setting(Retention, about.tenant, store=log.store) is None
    assert await latest_setting(Retention, about.tenant, store=log.store) is None
    first, second = await keep(log, 30, about), await keep(log, 60, about)
    assert [(each.version, each.position) for each in (first, second)] == [(2, 2), (3, 3)]
    assert await topics(log, about.tenant) == ["retention.begun", *["retention.period_set"] * 2]
    for found in (
        await load_setting(Retention, about.tenant, store=log.store),
        await latest_setting(Retention, about.tenant, store=log.store),
    ):
        assert found is not None
        assert found.state.days == 60


async def test_what_is_so_already_is_not_written_not_even_where_nothing_was_ever_set(
    logs: tuple[Log, Log],
) -> None:
    log, about = logs[0], context()
    default = await keep(log, None, about)
    assert (default.version, default.position, default.setting.state.days) == (0, 0, None)
    assert await topics(log, about.tenant) == []
    await keep(log, 30, about)
    again = await keep(log, 30, about)
    assert (again.version, again.position) == (2, 0)


async def test_what_is_refused_begins_nothing(logs: tuple[Log, Log]) -> None:
    log, about = logs[0], context()
    with pytest.raises(Invalid):
        await keep(log, 0, about)
    assert await topics(log, about.tenant) == []


@pytest.mark.parametrize("begun", [False, True])
async def test_a_change_that_another_process_overtakes_is_decided_anew(
    logs: tuple[Log, Log], monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    here, there = logs
    about = context()
    if begun:
        await keep(here, 1, about)
    save, raced = here.store.save, False

    async def overtaken(*args: object, **options: object) -> object:
        nonlocal raced
        if not raced:
            raced = True
            await keep(there, 30, about)
        return await save(*args, **options)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(here.store, "save", overtaken)
    changed = await keep(here, 60, about)
    assert raced
    assert changed.setting.state.days == 60
    assert changed.version == (4 if begun else 3)
    found = await load_setting(Retention, about.tenant, store=there.store)
    assert found is not None
    assert (found.state.days, found.version) == (60, changed.version)


async def test_who_expects_another_version_hears_the_present_one(logs: tuple[Log, Log]) -> None:
    log, about = logs[0], context()
    await keep(log, 30, about)
    for seen in (0, 1, 3):
        expected = Expected(Retention.id_of(about.tenant), frozenset([seen]))
        with pytest.raises(Conflict) as caught:
            await keep(log, 60, msgspec.structs.replace(about, expected=expected))
        assert caught.value.facts == {"version": 2}
