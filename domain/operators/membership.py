"""Who works here: invited, accepted, given roles, suspended and restored, removed."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Conflict, Invalid, Refused
from domain.operators.address import checked_address, checked_name
from domain.operators.roles import ROLE_NAMES, Role
from domain.operators.state import Link, OperatorPart

NO_LINK = (
    "this link was used, has expired, or was replaced by a newer one; ask an administrator for a new one"
)


class Membership(OperatorPart):
    """What takes something away from an operator ends their sessions; so does whatever changes what they may do."""

    class Event(OperatorPart.Event, frozen=True, kw_only=True):
        pass

    class Invited(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "operator.invited"
        class_version: ClassVar[int] = 2
        email: str
        name: str
        roles: tuple[Role, ...]
        secret_hash: bytes
        expires_at: datetime

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The role marketer was not there yet."""

        def apply(self, aggregate: Membership) -> None:
            state = aggregate.state
            state.email, state.name, state.roles = self.email, self.name, self.roles
            state.link = Link(self.secret_hash, self.expires_at)

    class LinkIssued(Event, frozen=True, kw_only=True):
        """A new one-time link, in the place of the one before: who was invited accepts by it, others set a new password."""

        TOPIC: ClassVar[str] = "operator.link_issued"
        PERSONAL: ClassVar[bool] = False
        secret_hash: bytes
        expires_at: datetime

        def apply(self, aggregate: Membership) -> None:
            aggregate.state.link = Link(self.secret_hash, self.expires_at)

    class Accepted(Event, frozen=True, kw_only=True):
        """They came by their link and have set their first password."""

        TOPIC: ClassVar[str] = "operator.accepted"
        password: bytes

        def apply(self, aggregate: Membership) -> None:
            state = aggregate.state
            state.status, state.password, state.link = "active", self.password, None

    class RolesChanged(Event, frozen=True, kw_only=True):
        """These are all of their roles from here on."""

        TOPIC: ClassVar[str] = "operator.roles_changed"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        roles: tuple[Role, ...]

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The role marketer was not there yet."""

        def apply(self, aggregate: Membership) -> None:
            aggregate.state.roles = self.roles
            aggregate.state.sessions.clear()

    class Suspended(Event, frozen=True, kw_only=True):
        """Who they were stays on record; they can't sign in, and no link of theirs works."""

        TOPIC: ClassVar[str] = "operator.suspended"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Membership) -> None:
            state = aggregate.state
            if state.status != "suspended":
                state.before = "invited" if state.status == "invited" else "active"
            state.status = "suspended"
            state.link = None
            state.sessions.clear()

    class Restored(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "operator.restored"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Membership) -> None:
            aggregate.state.status = aggregate.state.before

    class Removed(Event, frozen=True, kw_only=True):
        """The last event: who they were is erased, their key destroyed. What they did stays on record, under their id."""

        TOPIC: ClassVar[str] = "operator.removed"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: Membership) -> None:
            aggregate.state = type(aggregate.state)(status="removed")

    @classmethod
    def invite(
        cls,
        id: UUID,
        *,
        email: str,
        name: str,
        roles: Collection[Role],
        secret_hash: bytes,
        expires_at: datetime,
        at: datetime,
    ) -> Self:
        """Raises Invalid."""
        facts = {"email": checked_address(email), "name": checked_name(name), "roles": checked_roles(roles)}
        return cls.create(cls.Invited, id=id, at=at, secret_hash=secret_hash, expires_at=expires_at, **facts)

    def issue_link(self, secret_hash: bytes, expires_at: datetime, at: datetime) -> None:
        """Raises NotFound, Refused for one who is suspended."""
        self._exists()
        if self.state.status == "suspended":
            raise Refused("this operator is suspended; restore them first")
        self.trigger(self.LinkIssued, at=at, secret_hash=secret_hash, expires_at=expires_at)

    def check_link(self, secret_hash: bytes, at: datetime) -> None:
        """Raises Refused, whatever is wrong with it."""
        link = self.state.link
        known = link.secret_hash if link is not None else bytes(32)
        if not hmac.compare_digest(known, secret_hash) or link is None or at >= link.expires_at:
            raise Refused(NO_LINK)

    def accept(self, secret_hash: bytes, password: bytes, at: datetime) -> None:
        """Set the first password, or, where they had one, a new one. `password`: its hash. Raises Refused: a link works once."""
        self.check_link(secret_hash, at)
        if self.state.status == "invited":
            self.trigger(self.Accepted, at=at, password=password)
        else:
            self.trigger(self.PasswordChanged, at=at, password=password)  # type: ignore[attr-defined]  # of the whole operator

    def change_roles(self, roles: Collection[Role], at: datetime) -> None:
        """Nothing where they are so already. Raises Invalid, NotFound."""
        self._exists()
        checked = checked_roles(roles)
        if checked != self.state.roles:
            self.trigger(self.RolesChanged, at=at, roles=checked)

    def suspend(self, at: datetime) -> None:
        self._exists()
        if self.state.status != "suspended":
            self.trigger(self.Suspended, at=at)

    def bring_back(self, at: datetime) -> None:
        """Nothing where they are not suspended."""
        self._exists()
        if self.state.status == "suspended":
            self.trigger(self.Restored, at=at)

    def remove(self, at: datetime) -> None:
        """For good. Raises NotFound where it was done before."""
        self._exists()
        self.trigger(self.Removed, at=at)


def checked_roles(roles: Collection[Role]) -> tuple[Role, ...]:
    """In the table's order. Raises Invalid."""
    if strange := sorted(set(roles) - set(ROLE_NAMES)):
        raise Invalid(f"there is no role {strange[0][:60]!r}; known are {', '.join(ROLE_NAMES)}")
    if not roles:
        raise Invalid("an operator has at least one role; suspend them to take all away")
    return tuple(role for role in ROLE_NAMES if role in roles)


def there_is_one(status: str) -> Conflict:
    """For somebody who is invited, and is there."""
    return Conflict(
        f"there is an operator with this e-mail address, who is {status}; give them a new link, or other roles"
    )
