"""Verifications of the log that found something wrong, and the first after them that did not. One that finds nothing is else not on record."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.one_per_tenant import OnePerTenant


class VerificationState(msgspec.Struct):
    failed: bool = False


class Verification(OnePerTenant[VerificationState]):
    """One per tenant, from the first that failed on. Nothing in it is personal."""

    TOPIC = "verification"
    State = VerificationState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "verification.begun"
        PERSONAL: ClassVar[bool] = False

    class Failed(Event, frozen=True, kw_only=True):
        """`faults`: of each kind of docs/audit.md so many, in a log of `events` events; `first`: the lowest position of one, where it has one."""

        TOPIC: ClassVar[str] = "verification.failed"
        PERSONAL: ClassVar[bool] = False
        events: int
        faults: dict[str, int]
        first: int | None = None

        def apply(self, aggregate: Verification) -> None:
            aggregate.state.failed = True

    class Passed(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "verification.passed"
        PERSONAL: ClassVar[bool] = False
        events: int

        def apply(self, aggregate: Verification) -> None:
            aggregate.state.failed = False

    @property
    def subject(self) -> UUID:
        return NIL

    def conclude(self, events: int, faults: dict[str, int], first: int | None, at: datetime) -> None:
        """What a verification found; `faults` empty: nothing wrong."""
        if faults:
            self.trigger(self.Failed, at=at, events=events, faults=faults, first=first)
        elif self.state.failed:
            self.trigger(self.Passed, at=at, events=events)
