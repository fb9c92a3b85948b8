"""The cases of one version of a dataset, as they are now: without those whose customers were erased. All of them, or a page.

A version is told by few events of the dataset's: those that froze one, and those that took cases out. The cases themselves are read from where
the page before ended, and no further than the page needs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.ports import Store, Wanted
from domain.base.errors import Erased, NotFound
from domain.base.recorded import Recorded
from domain.learning.case import Case
from domain.learning.dataset import Dataset

TOLD = (
    Dataset.Created.TOPIC,
    Dataset.CasesRemoved.TOPIC,
    Dataset.Frozen.TOPIC,
    Dataset.Deleted.TOPIC,
)
"""Events that tell what a version is."""

MOST_OPENED = 2_000
"""Cases that are opened for a page; one among cases that are there no more has fewer than were asked for."""

AT_ONCE = 1_000
"""Events of one query at most."""

BEYOND = 2**62
"""A position that no log has come to."""


class Cases(msgspec.Struct, frozen=True, kw_only=True):
    """In the order in which they were added; each has its texts. `erased`: how many more there were, whose customers were erased since."""

    dataset: UUID
    version: int
    frozen: bool
    cases: tuple[Case, ...]
    erased: int


class Place(NamedTuple):
    """Of a case in its dataset: the version of the event that added it, and its place in there."""

    event: int
    number: int


class CasesPage(msgspec.Struct, frozen=True, kw_only=True):
    """`erased`: cases between those of the page that are left out. `ended`: where the next page goes on; None: this is the last one."""

    version: int
    frozen: bool
    cases: tuple[Case, ...]
    erased: int
    ended: Place | None


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    """`end`: version of the dataset's last event that may belong to it; `removed`: case → version of the event that took it out last, up to there."""

    dataset: UUID
    version: int
    frozen: bool
    end: int
    removed: dict[UUID, int]


async def cases_of(dataset: UUID, version: int | None, tenant: UUID, *, store: Store) -> Cases:
    """`version` None: the latest. Raises NotFound, also for one that there is not; Erased where the dataset was deleted."""
    known = await _version_of(dataset, version, tenant, store)
    found = [case async for _, case in _added(known, Place(0, 0), tenant, store) if case is not None]
    left = tuple(case for case in found if case.exchange is not None)
    return Cases(
        dataset=dataset,
        version=known.version,
        frozen=known.frozen,
        cases=left,
        erased=len(found) - len(left),
    )


async def page_of_cases(
    dataset: UUID, version: int | None, after: Place | None, limit: int, tenant: UUID, *, store: Store
) -> CasesPage:
    """At most `limit` of them, beyond that place. Raises as `cases_of`."""
    known = await _version_of(dataset, version, tenant, store)
    cases: list[Case] = []
    erased, ended, place = 0, None, after or Place(0, 0)
    opened = 0
    async for at, case in _added(known, place, tenant, store):
        if opened == MOST_OPENED or (len(cases) == limit and case is not None and case.exchange is not None):
            ended = place
            break
        place, opened = at, opened + 1
        if case is None:
            continue
        if case.exchange is None:
            erased += 1
        else:
            cases.append(case)
    return CasesPage(
        version=known.version, frozen=known.frozen, cases=tuple(cases), erased=erased, ended=ended
    )


async def _version_of(dataset: UUID, version: int | None, tenant: UUID, store: Store) -> _Version:
    told = [
        recorded
        async for found in store.find(tenant, Wanted(stream=dataset, topics=TOLD), after=0, until=BEYOND)
        for recorded in found.events
    ]
    if any(recorded.topic == Dataset.Deleted.TOPIC for recorded in told):
        raise Erased("this dataset was deleted")
    ends = {
        recorded.event.version: recorded.version
        for recorded in told
        if isinstance(recorded.event, Dataset.Frozen)
    }
    last = max(ends, default=0)
    latest = last if last and not await _goes_on(dataset, ends[last], tenant, store) else last + 1
    wanted = latest if version is None else version
    if not told or not 1 <= wanted <= latest:
        raise NotFound(f"there is no version {wanted} of the dataset {dataset} in this tenant")
    end = ends.get(wanted, BEYOND)
    return _Version(
        dataset=dataset,
        version=wanted,
        frozen=wanted in ends,
        end=end,
        removed={
            case: recorded.version
            for recorded in told
            if isinstance(recorded.event, Dataset.CasesRemoved) and recorded.version <= end
            for case in recorded.event.cases
        },
    )


async def _goes_on(dataset: UUID, after: int, tenant: UUID, store: Store) -> bool:
    """Whether anything follows what froze a version: then there is another."""
    return bool([None async for _ in store.stream(tenant, dataset, after=after, limit=1)])


async def _added(
    known: _Version, after: Place, tenant: UUID, store: Store
) -> AsyncIterator[tuple[Place, Case | None]]:
    """All that were added to it beyond this place, in order; None in the place of those that were taken out again."""
    async for recorded in _events(known, after, tenant, store):
        if not isinstance(recorded.event, Dataset.CasesAdded):
            continue
        for number, case in enumerate(recorded.event.cases, 1):
            place = Place(recorded.version, number)
            if place > after:
                yield place, None if known.removed.get(case.id, 0) > recorded.version else case


async def _events(known: _Version, after: Place, tenant: UUID, store: Store) -> AsyncIterator[Recorded]:
    """Few at first, then more at once: how many cases one holds is not known before."""
    version, some = max(0, after.event - 1), 1
    while True:
        count = 0
        async for recorded in store.stream(tenant, known.dataset, after=version, limit=some):
            if recorded.version > known.end:
                return
            yield recorded
            version, count = recorded.version, count + 1
        if count < some:
            return
        some = min(2 * some, AT_ONCE)
