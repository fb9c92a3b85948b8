"""The filtered reading of the log against a plain look at all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from application.ports import Wanted
from domain.base.recorded import Recorded
from infra.log import finding, reader
from tests.infra.log.parts import Log, context, log_on, now, started


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


async def talked(log: Log, tenant: UUID, count: int) -> list[Recorded]:
    for n in range(count):
        conversation = started(message=str(n))
        if n % 2:
            conversation.close(None, now())
        await log.store.save(conversation, context=context(tenant))
    return [recorded async for recorded in log.store.events(tenant)]


async def found(log: Log, tenant: UUID, wanted: Wanted, after: int = 0, until: int = 2**40) -> list[int]:
    """Positions; each page begins where the one before has come to."""
    until = min(until, len([recorded async for recorded in log.store.events(tenant)]))
    positions: list[int] = []
    async for page in log.store.find(tenant, wanted, after=after, until=until):
        assert all(after < recorded.position <= page.reached for recorded in page.events)
        assert after < page.reached <= until
        positions += [recorded.position for recorded in page.events]
        after = page.reached
    assert after == until
    return positions


@pytest.mark.parametrize(("span", "page"), [(20_000, 1000), (7, 1000), (7, 3), (1, 1)])
async def test_what_is_wanted_is_found_in_pages_of_any_size(
    log: Log, monkeypatch: pytest.MonkeyPatch, span: int, page: int
) -> None:
    monkeypatch.setattr(reader, "SPAN", span)
    monkeypatch.setattr(reader, "PAGE", page)
    find = log.reader.find

    async def paged(*arguments: object) -> object:
        return await find(*arguments, limit=page)  # type: ignore[arg-type]

    monkeypatch.setattr(log.reader, "find", paged)
    tenant = uuid4()
    events = await talked(log, tenant, 9)
    one = events[10]
    for wanted, fits in (
        (Wanted(), lambda e: True),
        (Wanted(stream=one.stream), lambda e: e.stream == one.stream),
        (Wanted(topics=("conversation.closed",)), lambda e: e.topic == "conversation.closed"),
        (Wanted(correlation=one.correlation), lambda e: e.correlation == one.correlation),
        (Wanted(actor="key:test"), lambda e: True),
        (Wanted(actor="nobody"), lambda e: False),
        (Wanted(since=one.recorded_at), lambda e: e.recorded_at >= one.recorded_at),
        (Wanted(until=one.recorded_at), lambda e: e.recorded_at <= one.recorded_at),
        (Wanted(since=one.recorded_at, until=one.recorded_at), lambda e: e.recorded_at == one.recorded_at),
    ):
        assert await found(log, tenant, wanted) == [e.position for e in events if fits(e)], wanted
        later = [e.position for e in events if fits(e) and 5 < e.position <= 15]
        assert await found(log, tenant, wanted, 5, 15) == later
    assert await found(log, uuid4(), Wanted()) == []


async def test_times_are_searched_by_halving_and_without_a_loss(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "SPAN", 4)
    monkeypatch.setattr(finding, "SKEW", timedelta(0))  # or else all of this is one moment
    tenant = uuid4()
    events = await talked(log, tenant, 20)
    for one in events:
        since = [e.position for e in events if e.recorded_at >= one.recorded_at]
        assert await found(log, tenant, Wanted(since=one.recorded_at)) == since
        until = [e.position for e in events if e.recorded_at <= one.recorded_at]
        assert await found(log, tenant, Wanted(until=one.recorded_at)) == until
    pages = [
        page
        async for page in log.store.find(
            tenant, Wanted(since=events[-3].recorded_at), after=0, until=len(events)
        )
    ]
    assert len(pages) <= 2, "what lies before is passed over"
