"""A notification: one message for some channels, and how each has taken it. A try is on record before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.insight.alerts.message import AlertMessage

Outcome = Literal["owed", "sent", "failed"]


class AlertDelivery(msgspec.Struct, kw_only=True):
    """`tries` that were begun; `reason`: why the last one came to nothing."""

    outcome: Outcome = "owed"
    tries: int = 0
    reason: str = ""
    at: datetime | None = None
    next_at: datetime | None = None


class AlertNotificationState(msgspec.Struct):
    """`after`: the message of the same incident before this one, which each channel has to have first."""

    message: AlertMessage | None = None
    after: UUID | None = None
    deliveries: dict[UUID, AlertDelivery] = {}


class AlertNotification(Aggregate[AlertNotificationState]):
    """One a message."""

    TOPIC = "alert_notification"
    State = AlertNotificationState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Owed(Event, CreatedEvent, frozen=True, kw_only=True):
        """These channels are to be told."""

        TOPIC: ClassVar[str] = "alert_notification.owed"
        PERSONAL: ClassVar[bool] = False
        message: AlertMessage
        channels: tuple[UUID, ...]
        after: UUID | None = None

        def apply(self, aggregate: AlertNotification) -> None:
            state = aggregate.state
            state.message, state.after = self.message, self.after
            state.deliveries = {channel: AlertDelivery() for channel in self.channels}

    class Tried(Event, frozen=True, kw_only=True):
        """It is about to be sent. What came of it the next event says; where there is none, the process has died, and it is sent once more."""

        TOPIC: ClassVar[str] = "alert_notification.tried"
        PERSONAL: ClassVar[bool] = False
        channel: UUID

        def apply(self, aggregate: AlertNotification) -> None:
            aggregate.state.deliveries[self.channel].tries += 1

    class Sent(Event, frozen=True, kw_only=True):
        """The channel has taken it."""

        TOPIC: ClassVar[str] = "alert_notification.sent"
        PERSONAL: ClassVar[bool] = False
        channel: UUID

        def apply(self, aggregate: AlertNotification) -> None:
            delivery = aggregate.state.deliveries[self.channel]
            delivery.outcome, delivery.at, delivery.next_at = "sent", self.timestamp, None

    class NotTaken(Event, frozen=True, kw_only=True):
        """It is tried again at `next_at`."""

        TOPIC: ClassVar[str] = "alert_notification.not_taken"
        PERSONAL: ClassVar[bool] = False
        channel: UUID
        reason: str
        next_at: datetime

        def apply(self, aggregate: AlertNotification) -> None:
            delivery = aggregate.state.deliveries[self.channel]
            delivery.reason, delivery.next_at, delivery.at = self.reason, self.next_at, self.timestamp

    class GivenUp(Event, frozen=True, kw_only=True):
        """It is tried no more."""

        TOPIC: ClassVar[str] = "alert_notification.given_up"
        PERSONAL: ClassVar[bool] = False
        channel: UUID
        reason: str

        def apply(self, aggregate: AlertNotification) -> None:
            delivery = aggregate.state.deliveries[self.channel]
            delivery.outcome, delivery.reason = "failed", self.reason
            delivery.at, delivery.next_at = self.timestamp, None

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def owe(
        cls,
        id: UUID,
        message: AlertMessage,
        channels: Sequence[UUID],
        at: datetime,
        *,
        after: UUID | None = None,
    ) -> AlertNotification:
        return cls.create(cls.Owed, id=id, at=at, message=message, channels=tuple(channels), after=after)

    def delivery(self, channel: UUID) -> AlertDelivery | None:
        return self.state.deliveries.get(channel)

    def try_it(self, channel: UUID, at: datetime) -> None:
        if self.state.deliveries[channel].outcome == "owed":
            self.trigger(self.Tried, at=at, channel=channel)

    def take(self, channel: UUID, at: datetime) -> None:
        if self.state.deliveries[channel].outcome == "owed":
            self.trigger(self.Sent, at=at, channel=channel)

    def put_off(self, channel: UUID, reason: str, next_at: datetime, at: datetime) -> None:
        if self.state.deliveries[channel].outcome == "owed":
            self.trigger(self.NotTaken, at=at, channel=channel, reason=reason, next_at=next_at)

    def give_up(self, channel: UUID, reason: str, at: datetime) -> None:
        if self.state.deliveries[channel].outcome == "owed":
            self.trigger(self.GivenUp, at=at, channel=channel, reason=reason)
