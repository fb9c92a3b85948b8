"""What a delivery needs: the log, the channel, the rate that all senders share."""

from __future__ import annotations

from typing import Protocol

from application.ports import Buckets, Channel, Clock, Ids, SendObserver, Store


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
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
