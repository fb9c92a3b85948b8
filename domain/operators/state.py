"""What an operator's log has come to: who they are, what they may do, how they prove it, where they are signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from domain.base.aggregate import Aggregate
from domain.base.errors import NotFound
from domain.operators.roles import Role, scopes_of
from domain.tenancy.scopes import Scope

Status = Literal["invited", "active", "suspended", "removed"]


class Link(msgspec.Struct, frozen=True):
    """A one-time link, by which a password is set: never its secret, only its SHA-256 (the secret has 256 random bits)."""

    secret_hash: bytes
    expires_at: datetime


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that has signed in: never its secret, only its SHA-256 (the secret has 256 random bits)."""

    id: str
    secret_hash: bytes
    began_at: datetime
    ends_at: datetime
    """Whatever is done with it."""


class OperatorState(msgspec.Struct):
    """`password` (argon2id, in its usual text form), `totp` and all hashes are bytes, which no event or export shows."""

    email: str = ""
    name: str = ""
    roles: tuple[Role, ...] = ()
    status: Status = "invited"
    before: Literal["invited", "active"] = "invited"
    """The status that a suspended operator gets back."""

    link: Link | None = None
    password: bytes = b""
    totp: bytes = b""
    """The secret of their one-time codes; empty: they have none."""
    totp_step: int = 0
    """The time step of the last code that was taken: none of it or before it is taken again."""
    recovery: tuple[bytes, ...] = ()
    """SHA-256 of the recovery codes that were not used yet."""
    sessions: dict[str, Session] = {}

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return scopes_of(self.roles)


class OperatorPart(Aggregate[OperatorState]):
    """Base of the parts of an operator, each with its events and what guards them."""

    State = OperatorState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    def _exists(self) -> None:
        if self.state.status == "removed":
            raise NotFound("this operator was removed")
