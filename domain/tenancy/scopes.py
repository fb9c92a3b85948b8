"""Scopes: what a key may do."""

from __future__ import annotations

from typing import Literal, get_args

Scope = Literal[
    "conversations:write",
    "conversations:read",
    "integrations:manage",
    "analytics:view",
    "models:deploy",
    "audit:read",
    "tenants:admin",
    "feedback:review",
]
LaterScope = Literal["campaigns:manage"]
"""Of what a later version will have. Keys of earlier times hold them; they open nothing yet, and no new key gets them."""

AnyScope = Literal[Scope, LaterScope]

SCOPES: tuple[Scope, ...] = get_args(Scope)
LATER_SCOPES: frozenset[str] = frozenset(get_args(LaterScope))

ADMIN: Scope = "tenants:admin"
"""The scope that issues keys: with no key that has it a tenant is locked out."""
