"""A tenant's name and status: active, suspended, removed and restored, erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Forbidden, Refused
from domain.tenancy.state import TenantPart, checked_name


class TenantStatus(TenantPart):
    """What a removed tenant can't do any more is Forbidden."""

    class Event(TenantPart.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.created"
        name: str

        def apply(self, aggregate: TenantStatus) -> None:
            aggregate.state.name = self.name

    class Renamed(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.renamed"
        name: str

        def apply(self, aggregate: TenantStatus) -> None:
            aggregate.state.name = self.name

    class Suspended(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.suspended"
        reason: str | None = None

        def apply(self, aggregate: TenantStatus) -> None:
            aggregate.state.status = "suspended"

    class Resumed(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.resumed"

        def apply(self, aggregate: TenantStatus) -> None:
            aggregate.state.status = "active"

    class Removed(Event, frozen=True, kw_only=True):
        """No key works any more; at `erase_at` all of it is erased. None: it never is (what earlier versions removed)."""

        TOPIC: ClassVar[str] = "tenant.removed"
        class_version: ClassVar[int] = 2
        erase_at: datetime | None = None

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What was removed then is kept."""

        def apply(self, aggregate: TenantStatus) -> None:
            state = aggregate.state
            if state.status != "removed":
                state.before = state.status
            state.status, state.erase_at = "removed", self.erase_at

    class Restored(Event, frozen=True, kw_only=True):
        """It is as it was before it was removed."""

        TOPIC: ClassVar[str] = "tenant.restored"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: TenantStatus) -> None:
            aggregate.state.status, aggregate.state.erase_at = aggregate.state.before, None

    class Erased(Event, frozen=True, kw_only=True):
        """All keys of the tenant's are destroyed, and with them all that its log said, this too: positions, times, topics and hashes stay."""

        TOPIC: ClassVar[str] = "tenant.erased"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: TenantStatus) -> None:
            aggregate.state.erased = True

    def check_active(self) -> None:
        """Raises Forbidden."""
        if self.state.status != "active":
            raise Forbidden(f"this tenant is {self.state.status}")

    @classmethod
    def begin(cls, id: UUID, name: str, at: datetime) -> Self:
        return cls.create(cls.Created, id=id, at=at, name=checked_name(name))

    def rename(self, name: str, at: datetime) -> None:
        self._exists()
        if checked_name(name) != self.state.name:
            self.trigger(self.Renamed, at=at, name=checked_name(name))

    def suspend(self, reason: str | None, at: datetime) -> None:
        self._exists()
        if self.state.status == "active":
            self.trigger(self.Suspended, at=at, reason=reason)

    def resume(self, at: datetime) -> None:
        self._exists()
        if self.state.status == "suspended":
            self.trigger(self.Resumed, at=at)

    def remove(self, erase_at: datetime, at: datetime) -> None:
        """Raises Forbidden where it was removed before, unless nothing was said then of when it is erased."""
        if self.state.erase_at is not None:
            self._exists()
        self.trigger(self.Removed, at=at, erase_at=erase_at)

    def bring_back(self, at: datetime) -> None:
        """Raises Refused where it was not removed, or is being erased by now."""
        if self.state.status != "removed":
            raise Refused("this tenant was not removed; there is nothing to restore")
        if self.state.erased or (self.state.erase_at is not None and at >= self.state.erase_at):
            raise Refused("it is too late: this tenant is being erased")
        self.trigger(self.Restored, at=at)

    def erase(self, at: datetime) -> datetime | None:
        """Say that all of it goes now, if its time has come; else when it has to be looked at again, None: never."""
        erase_at = self.state.erase_at
        if erase_at is not None and at >= erase_at:
            self.trigger(self.Erased, at=at)
        return erase_at
