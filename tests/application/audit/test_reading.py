"""How much of the log is looked through for one request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.audit.reading import MOST_POSITIONS, EventQuery, latest_events, read_events
from application.ports import Found, Store, Wanted

TENANT = UUID(int=1)
SPAN = 20_000
UNKNOWN = (EventQuery(correlation=UUID(int=0)), EventQuery(actor="key:nobody"))
KNOWN = (EventQuery(kind="tenant.created"), EventQuery(stream=f"conversation/{UUID(int=3)}"))


class Empty:
    """A log without what is looked for, which remembers where it was looked: spans of positions, the first one excluded."""

    def __init__(self) -> None:
        self.looked: list[tuple[int, int]] = []

    async def find(self, tenant: UUID, wanted: Wanted, *, after: int, until: int) -> AsyncIterator[Found]:
        while after < until:
            last = until if wanted.known else min(until, after + SPAN)
            self.looked.append((after, last))
            yield Found([], last)
            after = last


def seen(log: Empty) -> tuple[int, int]:
    """From where to where, once each position is seen once."""
    spans = sorted(log.looked)
    assert all(one[1] == next[0] for one, next in pairwise(spans))
    return spans[0][0], spans[-1][1]


@given(st.integers(1, 4 * MOST_POSITIONS), st.sampled_from(UNKNOWN))
def test_for_what_no_index_knows_the_newest_are_looked_through_and_no_more_than_that(
    head: int, query: EventQuery
) -> None:
    log = Empty()
    found = asyncio.run(
        latest_events(query, TENANT, before=head + 1, limit=50, store=cast(Store, cast(Any, log)))
    )
    assert seen(log) == (max(0, head - MOST_POSITIONS), head)
    assert found == Found([], max(0, head - MOST_POSITIONS) + 1), "a list goes on from there"


@given(st.integers(1, 4 * MOST_POSITIONS), st.sampled_from(UNKNOWN))
def test_the_same_holds_from_the_oldest_on(head: int, query: EventQuery) -> None:
    log = Empty()
    found = asyncio.run(
        read_events(query, TENANT, after=0, until=head, limit=50, store=cast(Store, cast(Any, log)))
    )
    assert seen(log) == (0, found.reached)
    assert min(head, MOST_POSITIONS) <= found.reached < MOST_POSITIONS + SPAN


@pytest.mark.parametrize("query", KNOWN)
async def test_what_an_index_knows_is_found_wherever_it_stands(query: EventQuery) -> None:
    log, head = Empty(), 10 * MOST_POSITIONS
    store = cast(Store, cast(Any, log))
    assert (await latest_events(query, TENANT, before=head + 1, limit=50, store=store)).reached == 1
    assert seen(log) == (0, head)
    log.looked.clear()
    assert (await read_events(query, TENANT, after=0, until=head, limit=50, store=store)).reached == head
