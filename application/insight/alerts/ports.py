"""What alerts need: the log, the figures, the ways to people."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from application.insight.alerts.known import KnownAlerts
from application.ports import AlertFigures, AlertSenders, Clock, Ids, Store


class Ports(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def alert_figures(self) -> AlertFigures: ...
    @property
    def alert_senders(self) -> AlertSenders: ...
    @property
    def known_alerts(self) -> KnownAlerts: ...
    @property
    def alert_interval(self) -> timedelta: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
