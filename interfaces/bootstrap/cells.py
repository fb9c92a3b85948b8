"""The cells of a deployment that a process has open, and the directory of whose tenant is where."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from application.ports import Directory, Unavailable
from domain.base.errors import Moved, NotFound
from infra.settings import MAIN

KEPT = 100_000
"""Tenants whose cell is remembered."""

AT_ONCE = 4
"""Tenants that are looked for at the same time: whoever makes ids up does not take a database's connections."""


class Of(Protocol):
    """What a cell is found by."""

    @property
    def name(self) -> str: ...

    @property
    def directory(self) -> Directory: ...


S = TypeVar("S", bound=Of)


class OpenCells(Generic[S]):
    """`names`: of all that the deployment has; those that are open have services."""

    def __init__(self, names: Sequence[str] = (MAIN,)) -> None:
        self.names = tuple(names)
        self.stopping = asyncio.Event()
        self._open: dict[str, S] = {}
        self._known: dict[UUID, str] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    @contextmanager
    def holding(self, name: str, services: S) -> Iterator[None]:
        """While its services are open."""
        self._open[name] = services
        try:
            yield
        finally:
            del self._open[name]

    @property
    def open(self) -> Mapping[str, S]:
        return self._open

    def named(self, name: str) -> S:
        """Raises NotFound, Unavailable."""
        if name not in self.names:
            raise NotFound(f"there is no cell {name!r}; there are: {', '.join(self.names)}")
        if name not in self._open:
            raise Unavailable(f"the database of the cell {name} is away; try again in a moment")
        return self._open[name]

    async def whose(self, tenant: UUID) -> str | None:
        """The name of the cell that has a tenant; None: none has. One that has left the deployment is where it was. Raises Unavailable where one that may have it is away, or is to have it in a moment."""
        if (known := self._known.get(tenant)) is not None:
            return known
        gone: str | None = None
        towards: str | None = None
        async with self._places:
            for name, services in list(self._open.items()):
                try:
                    if not await services.directory.has(tenant):
                        continue
                except Moved as moved:
                    # To another cell, which is asked as well, or out of the deployment: then it says where.
                    gone, towards = name, str(moved.facts["place"])
                    continue
                if len(self._known) >= KEPT:
                    self._known.clear()
                self._known[tenant] = name
                return name
        for name in self.names:
            self.named(name)
        if towards in self.names:  # handed over there, and not open there yet
            raise Unavailable(
                f"the tenant is about to be served by the cell {towards}; try again in a moment"
            )
        return gone

    def forget(self, tenant: UUID) -> None:
        """It is not where it was."""
        self._known.pop(tenant, None)

    async def roomiest(self) -> S:
        """That with the fewest tenants, for a new one. Raises Unavailable where none is open."""
        found = list(self._open.values())
        if not found:
            raise Unavailable("no database answers; try again in a moment")
        counts = [await services.directory.count() for services in found] if len(found) > 1 else [0]
        return found[counts.index(min(counts))]

    async def tenants(self, *, after: UUID, limit: int) -> dict[UUID, S]:
        """Those of all cells, in the order of their ids, each with what serves it. Raises Unavailable where a cell is away."""
        found: dict[UUID, S] = {}
        for services in [self.named(name) for name in self.names]:
            try:
                there = await services.directory.tenants(after=after, limit=limit)
            except Unavailable as fault:
                raise Unavailable(f"the cell {services.name}: {fault}") from None
            found |= dict.fromkeys(there, services)
        return dict(sorted(found.items())[:limit])
