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
    "campaigns:manage",
]

SCOPES: tuple[Scope, ...] = get_args(Scope)

ADMIN: Scope = "tenants:admin"
"""The scope that issues keys: with no key that has it a tenant is locked out."""
