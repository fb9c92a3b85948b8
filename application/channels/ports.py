"""What a delivery needs: the log, the channel, the rate that all senders share."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from application.ports import Buckets, Channel, Clock, Files, Ids, MediaSource, SendObserver, Store


class Unasked(Protocol):
    """Of campaigns' messages, whether they may still go out."""

    async def withdrawn(self, tenant: UUID, campaign: UUID) -> bool: ...


class Ports(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def buckets(self) -> Buckets: ...
    @property
    def sends(self) -> SendObserver: ...
    @property
    def files(self) -> Files: ...
    @property
    def media_source(self) -> MediaSource: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def unasked(self) -> Unasked: ...
    @property
    def ids(self) -> Ids: ...
