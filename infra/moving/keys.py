"""The tenant's own keys, wrapped anew for the other deployment: what they wrap, and what that seals, is carried as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from infra.crypto.wrapping import Masters
from infra.moving.side import Side

Wrapped = tuple[int, bytes, datetime]
"""Generation, key, when it was made."""


async def keys_of(source: Side, tenant: UUID, masters: Masters) -> list[Wrapped]:
    """Wrapped under the first of `masters`. Raises MasterKeyMissing, Tampered."""
    query = "SELECT generation, wrapped, created_at, master FROM tenant_keys WHERE tenant = %s ORDER BY 1"
    async with source.transaction() as connection:
        rows = await (await connection.execute(query, [tenant], binary=True)).fetchall()
    return [
        (
            generation,
            masters.wrap(source.masters.open(wrapped, mark, tenant, generation)[0], tenant, generation),
            at,
        )
        for generation, wrapped, at, mark in rows
    ]


async def put_keys(target: Side, tenant: UUID, keys: Sequence[Wrapped], under: Masters) -> None:
    """Those that are not there yet, out of `under`, under the target's own master key."""
    insert = (
        "INSERT INTO tenant_keys (tenant, generation, wrapped, created_at, master) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING"
    )
    async with target.transaction() as connection:
        for generation, wrapped, at in keys:
            secret = under.open(wrapped, None, tenant, generation)[0]
            own = target.masters.wrap(secret, tenant, generation)
            await connection.execute(insert, [tenant, generation, own, at, target.masters.current])
