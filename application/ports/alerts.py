"""Alerts: the figures that rules go by, and the channels that people are told by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import msgspec

from domain.insight.alerts.channels import AlertChannel
from domain.insight.alerts.figures import Figures, Operations, Window
from domain.insight.alerts.message import AlertMessage

EVALUATE_WORK = "evaluate_alerts"
"""A look at a tenant's alerts. Due by infra/alerts/keeping.py, and then by itself."""


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """Of the tenant's rules, alerts, budget and channels; 0 where there are none."""

    rules: int = 0
    alerts: int = 0
    budget: int = 0
    channels: int = 0


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """As of one moment. `position`: up to which events are in `figures`; None: the read model is so far behind that they tell nothing."""

    position: int | None
    figures: Mapping[Window, Figures]
    operations: Operations
    versions: Versions


class AlertFigures(Protocol):
    """Figures of windows, from a read model."""

    async def look(self, tenant: UUID, windows: Mapping[Window, bool]) -> Looked:
        """All with one statement, whatever the history's length. Of which windows it is True, how long answers took is told as well."""


class ChannelField(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of a kind of channel. `text`: what it is, for people; a secret is never shown again."""

    name: str
    text: str
    secret: bool = False
    required: bool = True


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a channel, apart: those that may be shown, and those that must not."""

    settings: Mapping[str, str]
    secrets: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"Checked(settings={self.settings!r})"


class AlertTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What came of sending. `reason`: in our words; empty where it was taken. `lasting`: the same again would fail again."""

    reason: str = ""
    lasting: bool = False
    retry_after: timedelta | None = None

    @property
    def taken(self) -> bool:
        return not self.reason


class AlertSenders(Protocol):
    """The kinds of channels, and the sending itself."""

    @property
    def kinds(self) -> Mapping[str, tuple[ChannelField, ...]]: ...

    async def check(self, kind: str, given: Mapping[str, str], known: Collection[str]) -> Checked:
        """What a tenant gives, of which the secrets in `known` may be missing. Raises Invalid, Refused; no text holds a secret."""

    async def send(self, channel: AlertChannel, message: AlertMessage, id: UUID) -> AlertTaken:
        """`id` is the message's, the same at each try. Never raises for what the other side does."""
