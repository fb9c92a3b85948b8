"""The log: aggregates, the work and the tallies that go with their events, and reading it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar
from uuid import UUID

from application.ports.saving import Backlog, Done, Due, Found, Saved, Tallied, Tally, Wanted
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.recorded import Recorded

A = TypeVar("A", bound=Aggregate[Any])


Work = Sequence[Due | Done]


class Store(Protocol):
    """The log, one aggregate at a time."""

    async def load(
        self,
        kind: type[A],
        id: UUID,
        *,
        tenant: UUID,
        version: int | None = None,
        after_changes: bool = False,
    ) -> A:
        """The aggregate, at `version` if given. Raises NotFound. `after_changes`: as those leave it who are at `change` in this process
        at the moment, or were a moment ago: then it is theirs no more, and as new as that.
        """

    async def load_several(
        self, kind: type[A], ids: Sequence[UUID], *, tenant: UUID
    ) -> Mapping[UUID, A | None]:
        """Of these ids, in one look at the log: the aggregate, or None where there is none. Left out is what is to be loaded by itself, as it is
        long, was erased, or can't be read."""

    def turn(self, id: UUID) -> AbstractAsyncContextManager[Any]:
        """Those of this process who change this aggregate one after the other. Whoever changes several has the turn of that for which races are many."""

    def behind(self, aggregate: Aggregate[Any], tenant: UUID) -> bool:
        """Whether somebody in this process is at `change` of it at the moment, or was a moment ago."""

    async def latest(self, kind: type[A], id: UUID, *, tenant: UUID, since: float | None = None) -> A:
        """The aggregate as of at most a second ago, shared and cached: to be read, never to be changed.

        `since`: as of this moment of the monotonic clock, or later.
        """

    def has_latest(self, tenant: UUID, ids: Collection[UUID]) -> bool:
        """Whether `latest` has all of these at hand, without a wait."""

    async def save(
        self,
        *aggregates: Aggregate[Any],
        context: Context,
        inbox: str | None = None,
        work: Sequence[Due | Done] = (),
        tallies: Sequence[Tally] = (),
    ) -> Saved:
        """Append all pending events in one transaction, with the inbox key, the work and the tallies.

        An inbox key that is known makes the whole a duplicate: nothing is written. Raises Conflict when a stream has
        moved on, LimitReached when a tally's bound does not hold, Unavailable when the outcome can't be learned.
        """

    async def change(
        self,
        kind: type[A],
        id: UUID,
        decide: Callable[[A | None], A],
        *,
        context: Context,
        inbox: str | None = None,
        work: Work | Callable[[A], Work] = (),
    ) -> tuple[A, Saved]:
        """load → decide → save, again when the race was lost, so `decide` does nothing but decide. It gets None when there is no such
        aggregate. `work`: where it depends on what was decided, made of the aggregate as it is then.

        Where it changes nothing, nothing is written, and the position is 0. Raises Conflict, with the `version` that is current,
        when that is none which the context expects, and when the race was lost again and again.
        """

    async def reach(self, tenant: UUID, position: int) -> None:
        """What is read from now on, `latest` too, is at least as new as `position`. Raises Ahead."""

    async def news(self, tenant: UUID, within: float) -> None:
        """Wait until something of the tenant's may have changed, at most `within` seconds without any change at all. A hint, never the truth."""

    async def tallies(self, tenant: UUID, kind: str, keys: Collection[str] | None = None) -> Tallied:
        """The tenant's tallies of a kind: these, or all."""

    async def work(self, tenant: UUID, kind: str) -> Backlog:
        """What the tenant's saves have made due of a kind, and nobody has settled yet."""

    async def event(self, tenant: UUID, position: int) -> Recorded:
        """One event by its position. Raises NotFound."""

    async def several(self, tenant: UUID, positions: Sequence[int]) -> Mapping[int, Recorded]:
        """The events at these positions, by position; those that there are."""

    async def spans(
        self, tenant: UUID, spans: Sequence[tuple[UUID, int, int]]
    ) -> Mapping[UUID, Sequence[Recorded]]:
        """Of each stream the events from a version to a later one, in order; by stream. Several spans of one stream are one after the other."""

    def stream(
        self, tenant: UUID, stream: UUID, *, after: int = 0, limit: int | None = None
    ) -> AsyncIterator[Recorded]:
        """The events of a stream in order of version, from version `after` + 1 on."""

    def events(
        self, tenant: UUID, *, after: int = 0, limit: int | None = None, topics: Sequence[str] = ()
    ) -> AsyncIterator[Recorded]:
        """The tenant's events in order of position, from `after` + 1 on; `topics` keeps only those."""

    def find(self, tenant: UUID, wanted: Wanted, *, after: int, until: int) -> AsyncIterator[Found]:
        """The tenant's events that are wanted, from position `after` + 1 to `until`, with news of how far it has come.

        Whoever has enough may stop.
        """
