"""Roles: names for bundles of scopes. Every scope is in one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, get_args

from domain.tenancy.scopes import SCOPES, Scope

Role = Literal["agent", "reviewer", "analyst", "engineer", "auditor", "marketer", "admin"]

ROLE_NAMES: tuple[Role, ...] = get_args(Role)

ROLES: Mapping[Role, tuple[Scope, ...]] = {
    "agent": ("conversations:read", "conversations:write"),
    "reviewer": ("conversations:read", "feedback:review"),
    "analyst": ("conversations:read", "analytics:view"),
    "engineer": ("conversations:read", "integrations:manage", "analytics:view", "models:deploy"),
    "auditor": ("conversations:read", "audit:read"),
    "marketer": ("conversations:read", "analytics:view", "campaigns:manage"),
    "admin": SCOPES,
}
"""Whoever has several roles has the scopes of all of them. A change here holds at once, for those too who have the role already."""


def scopes_of(roles: Collection[Role]) -> tuple[Scope, ...]:
    """What somebody with these roles may do."""
    held = {scope for role in roles for scope in ROLES[role]}
    return tuple(scope for scope in SCOPES if scope in held)
