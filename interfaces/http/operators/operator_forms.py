"""Operators as they go over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.operators.address import LONGEST
from domain.operators.operator import Operator
from domain.operators.roles import Role
from domain.tenancy.scopes import Scope

Roles = Annotated[tuple[Role, ...], Meta(min_length=1, max_length=20)]


class OperatorIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: Annotated[str, Meta(min_length=3, max_length=LONGEST)]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    roles: Roles


class RolesIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of their roles, from now on."""

    roles: Roles


class OperatorOut(msgspec.Struct, frozen=True, kw_only=True):
    """`scopes` follow from the roles. `totp`: whether a one-time code is asked for. `link_expires_at`: of the link that was not used yet."""

    id: UUID
    email: str
    name: str
    roles: tuple[Role, ...]
    scopes: tuple[Scope, ...]
    status: Literal["invited", "active", "suspended", "removed"]
    totp: bool
    invited_at: datetime
    link_expires_at: datetime | None


class LinkOut(msgspec.Struct, frozen=True, kw_only=True):
    """`link` sets the operator's password, once; it is shown this once, and sent to nobody."""

    id: UUID
    link: str
    expires_at: datetime


class SessionOut(msgspec.Struct, frozen=True, kw_only=True):
    """It ends at `ends_at`, or at `idle_at` if it is not used until then. `last_used_at` is known within a minute."""

    id: str
    began_at: datetime
    last_used_at: datetime
    idle_at: datetime
    ends_at: datetime


def shown(operator: Operator) -> OperatorOut:
    state = operator.state
    return OperatorOut(
        id=operator.id,
        email=state.email,
        name=state.name,
        roles=state.roles,
        scopes=state.scopes,
        status=state.status,
        totp=bool(state.totp),
        invited_at=operator.created_on,
        link_expires_at=state.link.expires_at if state.link is not None else None,
    )
