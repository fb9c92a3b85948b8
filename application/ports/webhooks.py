"""Outgoing webhooks: how far each line of deliveries has come, and the sending itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec

WEBHOOK_WORK = "webhook"
"""Its key is the line: an endpoint's id, or that and the range of a replay. Due by who saves events that an endpoint is told."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries that go one after the other. `position`: of the last event that it is done with; `head`: the log's end. `tries`: of the next
    one so far; `refused`: how many were given up in a row. `last`: the end of a replay's range. `topics_at`: since when it wants what it wants.
    """

    position: int
    head: int
    last: int | None = None
    tries: int = 0
    refused: int = 0
    delivered: int = 0
    not_before: datetime | None = None
    reason: str | None = None
    told_at: datetime | None = None
    topics_at: datetime


class Lines(Protocol):
    """Bookkeeping of deliveries, by tenant and line."""

    async def begin(
        self,
        tenant: UUID,
        line: str,
        topics: Sequence[str],
        target: bytes,
        *,
        position: int,
        last: int | None = None,
    ) -> Line:
        """As it stands; where there is none yet, from `position` on. From now on whoever saves an event of `topics` owes its work. With
        another `target` than before nothing has been tried yet."""

    async def advance(
        self, tenant: UUID, line: str, position: int, *, delivered: int, refused: int = 0
    ) -> None:
        """It is done with all up to `position`; `delivered` of them in this call. `refused`: given up in a row, with the last one."""

    async def fail(self, tenant: UUID, line: str, *, tries: int, not_before: datetime, reason: str) -> None:
        """The next one was not taken, for the `tries`th time."""

    async def end(self, tenant: UUID, line: str) -> None:
        """There is no such line any more."""

    async def head(self, tenant: UUID) -> int:
        """The position of the tenant's last event."""

    async def all(self, tenant: UUID) -> Mapping[str, Line]:
        """The tenant's."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a delivery. `status` None: there was no response. `reason`: in words, without a text of the endpoint's."""

    status: int | None
    reason: str = ""
    retry_after: timedelta | None = None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == 410


class WebhookSender(Protocol):
    """Sends to tenants' endpoints."""

    async def check(self, url: str) -> None:
        """Raises Refused for an address that this deployment sends nothing to."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        """Never raises for what the endpoint does."""
