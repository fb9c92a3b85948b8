"""The tenant that a command names: one that there is, or an error that helps to find it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING
from uuid import UUID

import click

from domain.base.aggregate import NIL
from domain.base.errors import NotFound

if TYPE_CHECKING:
    from application.ports import Directory

LOOKED_AT = 10_000
"""Tenants among which similar ids are looked for."""

ALIKE = 0.85
"""Share of an id's characters that are right, in their order."""


def tenant_id(text: str) -> UUID:
    """A tenant's id as an option takes it. Every option `--tenant` has this type and the name `tenant_id`."""
    try:
        return UUID(text.strip())
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not the id of a tenant; `retrace tenant list` shows them"
        ) from None


async def check_tenant(tenant: UUID, directory: Directory) -> None:
    """Raises NotFound, with ids that are written much the same, where there is none."""
    if await directory.has(tenant):
        return
    there = map(str, await directory.tenants(after=NIL, limit=LOOKED_AT))
    alike = get_close_matches(str(tenant), there, cutoff=ALIKE)
    meant = f"did you mean {' or '.join(alike)}? " if alike else ""
    raise NotFound(f"there is no tenant {tenant}; {meant}`retrace tenant list` shows them all")
