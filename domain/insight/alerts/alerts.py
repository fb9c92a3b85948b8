"""The alerts of a tenant: the state of each rule, each change of it on record with its evidence; silences, acknowledgements, who was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID, uuid5

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.errors import Invalid, Refused
from domain.base.one_per_tenant import OnePerTenant
from domain.insight.alerts.judging import Telling, judge
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.status import Evidence, Pending, State, Status, initial

LONGEST_SILENCE = timedelta(days=90)


class AlertsState(msgspec.Struct):
    """By the rule's name, of those of which something is on record."""

    statuses: dict[str, Status] = {}


class Alerts(OnePerTenant[AlertsState]):
    """One per tenant, from the first change of a state on. Nothing in it is personal."""

    TOPIC = "alerts"
    State = AlertsState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "alerts.begun"
        PERSONAL: ClassVar[bool] = False

    class StateChanged(Event, frozen=True, kw_only=True):
        """`evidence` None: nobody measured, as where the rule is gone; `reason` says why."""

        TOPIC: ClassVar[str] = "alerts.state_changed"
        PERSONAL: ClassVar[bool] = False
        rule: str
        before: State
        state: State
        evidence: Evidence | None = None
        reason: str = ""

        def apply(self, aggregate: Alerts) -> None:
            status = aggregate._status(self.rule, self)
            status.state, status.since, status.pending = self.state, self.timestamp, None
            status.value = None if self.evidence is None else self.evidence.value
            status.position = None if self.evidence is None else self.evidence.position
            if status.firing and status.incident is None:
                status.incident = uuid5(self.originator_id, f"incident {self.originator_version}")
            elif self.state in ("ok", "no_data"):
                status.acknowledged_at, status.acknowledged_by, status.acknowledgement = None, "", ""
                if status.told is None:
                    status.incident = None

    class ChangePending(Event, frozen=True, kw_only=True):
        """The state will change if this holds for as long as the rule says."""

        TOPIC: ClassVar[str] = "alerts.change_pending"
        PERSONAL: ClassVar[bool] = False
        rule: str
        before: State
        pending: Pending
        evidence: Evidence

        def apply(self, aggregate: Alerts) -> None:
            aggregate._status(self.rule, self).pending = self.pending

    class PendingDropped(Event, frozen=True, kw_only=True):
        """It did not hold."""

        TOPIC: ClassVar[str] = "alerts.pending_dropped"
        PERSONAL: ClassVar[bool] = False
        rule: str
        before: State
        evidence: Evidence

        def apply(self, aggregate: Alerts) -> None:
            aggregate._status(self.rule, self).pending = None

    class Told(Event, frozen=True, kw_only=True):
        """`notification` tells `channels` of the incident. That it is over, those are told that heard of it."""

        TOPIC: ClassVar[str] = "alerts.told"
        PERSONAL: ClassVar[bool] = False
        rule: str
        what: Telling
        state: State
        incident: UUID
        notification: UUID
        channels: tuple[UUID, ...]

        def apply(self, aggregate: Alerts) -> None:
            status = aggregate.state.statuses[self.rule]
            if self.what == "resolved":
                status.told = status.noted = status.incident = None
                status.told_channels = ()
            else:
                status.told, status.told_at, status.noted = self.state, self.timestamp, self.notification
                status.told_channels = tuple(dict.fromkeys((*status.told_channels, *self.channels)))

    class ToldElsewhere(Event, frozen=True, kw_only=True):
        """These heard of the incident in the place of a channel that did not take it: they are told of its end too."""

        TOPIC: ClassVar[str] = "alerts.told_elsewhere"
        PERSONAL: ClassVar[bool] = False
        rule: str
        incident: UUID
        channels: tuple[UUID, ...]

        def apply(self, aggregate: Alerts) -> None:
            status = aggregate.state.statuses[self.rule]
            status.told_channels = tuple(dict.fromkeys((*status.told_channels, *self.channels)))

    class Silenced(Event, frozen=True, kw_only=True):
        """Until then nobody is told that it fires. Its states go on."""

        TOPIC: ClassVar[str] = "alerts.silenced"
        PERSONAL: ClassVar[bool] = False
        rule: str
        before: State
        until: datetime
        reason: str
        by: str

        def apply(self, aggregate: Alerts) -> None:
            status = aggregate._status(self.rule, self)
            status.silenced_until, status.silence_reason, status.silenced_by = (
                self.until,
                self.reason,
                self.by,
            )

    class SilenceEnded(Event, frozen=True, kw_only=True):
        """By somebody, before its time."""

        TOPIC: ClassVar[str] = "alerts.silence_ended"
        PERSONAL: ClassVar[bool] = False
        rule: str
        by: str

        def apply(self, aggregate: Alerts) -> None:
            status = aggregate.state.statuses[self.rule]
            status.silenced_until, status.silence_reason, status.silenced_by = None, "", ""

    class Acknowledged(Event, frozen=True, kw_only=True):
        """Somebody is at it: until it is well, nobody is told again, unless it gets worse."""

        TOPIC: ClassVar[str] = "alerts.acknowledged"
        PERSONAL: ClassVar[bool] = False
        rule: str
        note: str
        by: str

        def apply(self, aggregate: Alerts) -> None:
            status = aggregate.state.statuses[self.rule]
            status.acknowledged_at, status.acknowledged_by = self.timestamp, self.by
            status.acknowledgement = self.note

    @property
    def subject(self) -> UUID:
        return NIL

    def status(self, name: str, rule: Rule, at: datetime) -> Status:
        """As it is on record, or as it begins."""
        return self.state.statuses.get(name) or initial(rule, at)

    def observe(self, name: str, evidence: Evidence, at: datetime) -> bool:
        """Record what follows from it. Tells whether anything does."""
        rule, status = evidence.rule, self.status(name, evidence.rule, at)
        move = judge(rule, status, evidence, at)
        if move is None:
            return False
        facts = {"rule": name, "before": status.state, "evidence": evidence}
        if move.state is not None:
            self.trigger(self.StateChanged, at=at, state=move.state, **facts)
        elif move.pending is not None:
            self.trigger(self.ChangePending, at=at, pending=move.pending, **facts)
        else:
            self.trigger(self.PendingDropped, at=at, **facts)
        return True

    def close(self, name: str, reason: str, at: datetime) -> bool:
        """The rule is watched no more: what it said counts no longer."""
        status = self.state.statuses.get(name)
        if status is None or (status.state == "no_data" and status.told is None and status.pending is None):
            return False
        facts = {"before": status.state, "state": "no_data", "reason": reason}
        self.trigger(self.StateChanged, at=at, rule=name, **facts)
        return True

    def tell(self, name: str, what: Telling, channels: Sequence[UUID], at: datetime) -> UUID:
        """The notification that tells of it now."""
        status = self.state.statuses[name]
        assert status.incident is not None
        notification = uuid5(self.id, f"told {self.version + 1}")
        facts = {"state": status.state, "incident": status.incident, "channels": tuple(channels)}
        self.trigger(self.Told, at=at, rule=name, what=what, notification=notification, **facts)
        return notification

    def tell_elsewhere(self, name: str, incident: UUID, channels: Sequence[UUID], at: datetime) -> None:
        """Nothing where the incident is over."""
        status = self.state.statuses.get(name)
        if status is not None and status.incident == incident and status.told is not None:
            facts = {"incident": incident, "channels": tuple(channels)}
            self.trigger(self.ToldElsewhere, at=at, rule=name, **facts)

    def silence(self, name: str, rule: Rule, until: datetime, reason: str, by: str, at: datetime) -> None:
        """Raises Invalid."""
        reason = reason.strip()
        if not at < until <= at + LONGEST_SILENCE:
            raise Invalid(f"until lies ahead, by at most {LONGEST_SILENCE.days} days")
        if not 1 <= len(reason) <= 500:
            raise Invalid("a reason has 1 to 500 characters: say why nobody is to be told")
        before = self.status(name, rule, at).state
        self.trigger(self.Silenced, at=at, rule=name, before=before, until=until, reason=reason, by=by)

    def end_silence(self, name: str, by: str, at: datetime) -> None:
        status = self.state.statuses.get(name)
        if status is not None and status.silenced(at):
            self.trigger(self.SilenceEnded, at=at, rule=name, by=by)

    def acknowledge(self, name: str, note: str, by: str, at: datetime) -> None:
        """Raises Invalid, and Refused where nothing fires."""
        note = note.strip()
        if len(note) > 500:
            raise Invalid("a note has at most 500 characters")
        status = self.state.statuses.get(name)
        if status is None or status.incident is None:
            raise Refused(f"{name} does not fire, so there is nothing to acknowledge")
        self.trigger(self.Acknowledged, at=at, rule=name, note=note, by=by)

    def _status(
        self,
        name: str,
        event: Alerts.StateChanged | Alerts.ChangePending | Alerts.PendingDropped | Alerts.Silenced,
    ) -> Status:
        """On record from now on."""
        statuses = self.state.statuses
        if name not in statuses:
            statuses[name] = Status(state=event.before, since=event.timestamp)
        return statuses[name]
