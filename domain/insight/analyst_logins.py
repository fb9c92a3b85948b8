"""Analysts' logins: who may read a tenant's views in the database with a tool of theirs, until when. Passwords are nowhere in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid, NotFound, Refused
from domain.base.one_per_tenant import OnePerTenant

MOST = 10
"""Logins of a tenant that work at once."""

LONGEST = timedelta(days=366)
"""That a login may go on for."""

CONNECTIONS = (1, 20)
"""Of a login at once: least and most."""

EXPIRED = "expired"


class AnalystLogin(msgspec.Struct, kw_only=True):
    """`role`: its user name in PostgreSQL. `ended`: why it works no more; None while it does, until `expires_at`."""

    id: UUID
    name: str
    role: str
    connections: int
    created_at: datetime
    expires_at: datetime
    ended: str | None = None

    def works(self, now: datetime) -> bool:
        return self.ended is None and now < self.expires_at


class AnalystLoginsState(msgspec.Struct):
    logins: dict[UUID, AnalystLogin] = {}


class AnalystLogins(OnePerTenant[AnalystLoginsState]):
    """One per tenant, from its first login on."""

    TOPIC = "analyst_logins"
    State = AnalystLoginsState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "analyst_logins.begun"

    class LoginCreated(Event, frozen=True, kw_only=True):
        """Said before the database is asked for it, which alone has a verifier of its password (SCRAM-SHA-256)."""

        TOPIC: ClassVar[str] = "analyst_logins.login_created"
        login: UUID
        name: str
        role: str
        connections: int
        expires_at: datetime

        def apply(self, aggregate: AnalystLogins) -> None:
            aggregate.state.logins[self.login] = AnalystLogin(
                id=self.login,
                name=self.name,
                role=self.role,
                connections=self.connections,
                created_at=self.timestamp,
                expires_at=self.expires_at,
            )

    class LoginEnded(Event, frozen=True, kw_only=True):
        """It was revoked, has expired, or the database would not have it: `reason` says which."""

        TOPIC: ClassVar[str] = "analyst_logins.login_ended"
        PERSONAL: ClassVar[bool] = False
        login: UUID
        reason: str

        def apply(self, aggregate: AnalystLogins) -> None:
            aggregate.state.logins[self.login].ended = self.reason

    def create_login(
        self, id: UUID, *, name: str, role: str, connections: int, expires_at: datetime, at: datetime
    ) -> None:
        """Raises Invalid, Refused."""
        if not name.strip() or len(name) > 100 or not name.isprintable():
            raise Invalid("name says in 1 to 100 characters whose login it is, or what for")
        if not at < expires_at <= at + LONGEST:
            raise Invalid(f"expires_at lies in the future, at most {LONGEST.days} days from now")
        if not CONNECTIONS[0] <= connections <= CONNECTIONS[1]:
            raise Invalid(f"connections is a number from {CONNECTIONS[0]} to {CONNECTIONS[1]}")
        if sum(login.works(at) for login in self.state.logins.values()) >= MOST:
            raise Refused(f"{MOST} logins of analysts work already; revoke one of them first")
        facts = {"name": name.strip(), "role": role, "connections": connections, "expires_at": expires_at}
        self.trigger(self.LoginCreated, at=at, login=id, **facts)

    def end_login(self, id: UUID, reason: str, at: datetime) -> None:
        """Again has no further effect. Raises NotFound."""
        if self.login(id).ended is None:
            self.trigger(self.LoginEnded, at=at, login=id, reason=reason)

    def expire_logins(self, at: datetime) -> None:
        """End those whose time is over."""
        for login in list(self.state.logins.values()):
            if login.ended is None and login.expires_at <= at:
                self.end_login(login.id, EXPIRED, at)

    def login(self, id: UUID) -> AnalystLogin:
        """Raises NotFound."""
        if id not in self.state.logins:
            raise NotFound(f"there is no analyst's login {id} in this tenant")
        return self.state.logins[id]
