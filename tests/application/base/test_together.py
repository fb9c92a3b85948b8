"""Several aggregates in one save, with the real log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest

from application.agents.agent import configuration_of
from application.base.setting import change_setting, load_setting
from application.base.together import change_together
from domain.agents.agent import Agent, AgentConfiguration
from domain.base.aggregate import Aggregate
from domain.base.context import Context, Expected
from domain.base.errors import Conflict
from domain.flags.flag import Flags
from tests.infra.log.parts import Log, context, log_on, now

TERSE = AgentConfiguration(tone="terse")
Both = tuple[Agent, Flags]


@pytest.fixture(name="log", scope="module")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


async def both(log: Log, about: Context) -> Both:
    agent = await load_setting(Agent, about.tenant, store=log.store)
    flags = await load_setting(Flags, about.tenant, store=log.store)
    return agent or Agent.begin(about.tenant, now()), flags or Flags.begin(about.tenant, now())


def changing(pair: Both) -> Sequence[Aggregate[Any]]:
    pair[0].configure(TERSE, now())
    pair[1].switch("routing", now(), percentage=40)
    return pair


async def topics(log: Log, about: Context) -> list[str]:
    return [recorded.topic async for recorded in log.store.events(about.tenant)]


async def test_what_belongs_together_is_one_save_and_what_was_only_begun_is_none(log: Log) -> None:
    about = context()
    _, saved = await change_together(lambda: both(log, about), changing, about, store=log.store)
    assert saved.position == 4
    again = await change_together(lambda: both(log, about), changing, about, store=log.store)
    assert again[1].position == 0
    other = context()
    await change_together(
        lambda: both(log, other),
        lambda pair: (pair[0].configure(TERSE, now()), pair)[1],
        other,
        store=log.store,
    )
    assert await topics(log, other) == ["agent.created", "agent.configured"]


async def test_it_is_decided_again_where_another_process_was_first(log: Log) -> None:
    about, loads = context(), 0

    async def load() -> Both:
        nonlocal loads
        found = await both(log, about)
        if (loads := loads + 1) == 1:
            await change_setting(
                Flags,
                lambda flags: flags.switch("routing", now(), on=False),
                about,
                store=log.store,
                clock=now,
            )
        return found

    (_, flags), saved = await change_together(load, changing, about, store=log.store)
    assert (loads, flags.state.setting("routing").on, saved.position) == (2, False, 5)
    assert (await configuration_of(about.tenant, store=log.store))[0] == TERSE


async def test_who_has_seen_an_older_version_of_one_of_them_is_told(log: Log) -> None:
    about = context()
    await change_together(lambda: both(log, about), changing, about, store=log.store)
    stale = msgspec.structs.replace(about, expected=Expected(Agent.id_of(about.tenant), frozenset({1})))

    def undone(pair: Both) -> Sequence[Aggregate[Any]]:
        pair[0].configure(AgentConfiguration(), now())
        return pair

    with pytest.raises(Conflict):
        await change_together(lambda: both(log, about), undone, stale, store=log.store)
    seen = msgspec.structs.replace(about, expected=Expected(Agent.id_of(about.tenant), frozenset({2})))
    _, saved = await change_together(lambda: both(log, about), undone, seen, store=log.store)
    assert saved.position == 5
