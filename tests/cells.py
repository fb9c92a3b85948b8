"""A test's database as the product logs in to it. Its URL is the superuser's, for whoever tampers with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg

from infra.postgres.cell import Cell, Role

KEY = b"0123456789abcdef0123456789abcdef"
"""What the logins of the databases that `database_url` makes derive from."""


def cell(url: str, master: bytes = KEY) -> Cell:
    return Cell(url, master)


def session(url: str, role: Role, tenant: UUID | None = None) -> psycopg.Connection[Any]:
    """A role's own session, in the tenant's context if one is named."""
    ours = cell(url)
    connection = psycopg.connect(ours.conninfo(role), autocommit=True)
    if tenant is not None:
        connection.execute("SELECT set_config('retrace.tenant', %s, false)", [ours.context(tenant)])
    return connection
