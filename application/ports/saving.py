"""What is saved with an aggregate, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.ports.frequent import FREQUENT
from domain.base.recorded import Recorded


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Work that the saved change makes due; joins the row of the same (tenant, kind, key) that is there already.

    `holder`: who does it himself, at once; he has it for `lease` seconds before anybody else may, unless the row was there already.
    """

    kind: str
    key: str
    due_at: datetime
    holder: UUID | None = None
    lease: int = 0


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """Work that the saved change has done.

    `holder`: only where he still has the row and nobody has made it due since its `revision`; otherwise it stays, and is free for whoever comes first.
    """

    kind: str
    key: str
    holder: UUID | None = None
    revision: int = 1


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a figure that many commands share; refused when the sum would leave [`low`, `high`]."""

    kind: str
    key: str
    change: int
    low: int = 0
    high: int


class Tallied(msgspec.Struct, frozen=True, kw_only=True):
    """Tallies' values by key, as they were when the log ended at `position`. What is not there is zero."""

    values: Mapping[str, int]
    position: int


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows of work of a kind a tenant has, and when the first of them is due; None without any."""

    rows: int
    first: datetime | None


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is the tenant's sequence number of the last event written, or of the first effect of a duplicate.

    `leased`: whether the holder of what is owed has it.
    """

    position: int
    duplicate: bool = False
    leased: bool = False


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events of the log: those to which all that is given applies. `until` is the last moment that still counts."""

    stream: UUID | None = None
    topics: tuple[str, ...] = ()
    actor: str | None = None
    correlation: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def seldom(self) -> bool:
        """Whether all that is wanted is of topics that are seldom: it is found wherever in the log it stands."""
        return bool(self.topics) and FREQUENT.isdisjoint(self.topics)

    @property
    def known(self) -> bool:
        """Whether an index knows where it stands; else the log is looked through for it."""
        return self.stream is not None or self.seldom


class Found(msgspec.Struct, frozen=True):
    """Some of the events that are wanted, in order. Up to position `reached` there are no others."""

    events: Sequence[Recorded]
    reached: int
