"""Wraps keys anew while traffic runs. Implements `application.ports.KeyKeeper`.

A row is replaced only if it still is the one that was read: a key that was destroyed meanwhile stays destroyed, and two rotations
at once do no harm. Whoever holds an opened key goes on with it, for the key itself stays the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.base.aggregate import NIL
from infra.crypto.keyring import FRESH
from infra.crypto.wrapping import MasterKeyMissing, Masters, unwrap, wrap
from infra.postgres.database import Database

AT_ONCE = 500
"""Subjects' keys of one short transaction."""

STRAGGLERS = FRESH + 20.0
"""Seconds after a new generation was made in which others may still store keys under the one before: they take that for the
newest for FRESH, and `append` takes what was begun 15 s ago."""


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's key. `master`: fingerprint of the master key that wraps it, null where none of those given does."""

    tenant: UUID
    generation: int
    master: str | None
    current: bool
    subjects: int


class Rotator:
    """`database` has the role `retrace_keeper`; `master` is as a Keyring has it."""

    def __init__(self, database: Database, master: bytes, *, stragglers: float = STRAGGLERS) -> None:
        self._database = database
        self._masters = Masters(master)
        self._stragglers = stragglers

    @property
    def master(self) -> str:
        return self._masters.current.hex()

    async def newest(self, tenant: UUID) -> int:
        query = "SELECT coalesce(max(generation), 0) FROM tenant_keys WHERE tenant = %s"
        return int(await self._one(tenant, query, [tenant]))

    async def outdated(self, tenant: UUID) -> int:
        query = (
            "SELECT count(*) FROM subject_keys WHERE tenant = %(tenant)s "
            "AND generation < (SELECT max(generation) FROM tenant_keys WHERE tenant = %(tenant)s)"
        )
        return int(await self._one(tenant, query, {"tenant": tenant}))

    async def retired(self, tenant: UUID) -> int:
        query = "SELECT count(*) FROM tenant_keys WHERE tenant = %s AND master IS DISTINCT FROM %s"
        return int(await self._one(tenant, query, [tenant, self._masters.current]))

    async def begin(self, tenant: UUID, generation: int) -> None:
        wrapped = self._masters.wrap(AESGCM.generate_key(256), tenant, generation)
        insert = (
            "INSERT INTO tenant_keys (tenant, generation, wrapped, master) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING"
        )
        async with self._database.tenant(tenant) as connection:
            await connection.execute(insert, [tenant, generation, wrapped, self._masters.current])

    async def rewrap_subjects(self, tenant: UUID, progress: Callable[[int], object] = lambda _: None) -> int:
        generations = await self._opened(tenant)
        newest = max(generations)
        age = "SELECT extract(epoch FROM clock_timestamp() - created_at) FROM tenant_keys WHERE tenant = %s AND generation = %s"
        done = 0
        while True:
            settled = float(await self._one(tenant, age, [tenant, newest])) > self._stragglers
            after: UUID | None = NIL
            while after is not None:
                count, after = await self._batch(tenant, generations, newest, after)
                done += count
                progress(done)
            if settled:
                return done
            await asyncio.sleep(min(1.0, self._stragglers / 4))

    async def rewrap_tenant(self, tenant: UUID) -> int:
        query = "SELECT generation, wrapped, master FROM tenant_keys WHERE tenant = %s AND master IS DISTINCT FROM %s"
        update = (
            "UPDATE tenant_keys SET wrapped = %s, master = %s "
            "WHERE tenant = %s AND generation = %s AND wrapped = %s"
        )
        done = 0
        while True:  # until a look finds none: a process that knows the new master key as a retired one may have added one
            async with self._database.tenant(tenant) as connection:
                rows = await (await connection.execute(query, [tenant, self._masters.current])).fetchall()
                for generation, wrapped, mark in rows:
                    secret, _ = self._masters.open(wrapped, mark, tenant, generation)
                    new = self._masters.wrap(secret, tenant, generation)
                    values = [new, self._masters.current, tenant, generation, wrapped]
                    done += (await connection.execute(update, values)).rowcount
            if not rows:
                return done

    async def generations(self, tenant: UUID) -> list[Generation]:
        """The tenant's keys, the oldest first."""
        query = (
            "SELECT t.generation, t.wrapped, t.master, coalesce(s.subjects, 0) FROM tenant_keys t LEFT JOIN "
            "(SELECT generation, count(*) AS subjects FROM subject_keys WHERE tenant = %(tenant)s GROUP BY 1) s "
            "USING (generation) WHERE t.tenant = %(tenant)s ORDER BY 1"
        )
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(query, {"tenant": tenant})).fetchall()
        found = []
        for generation, wrapped, mark, subjects in rows:
            if mark is None:
                try:
                    _, mark = self._masters.open(wrapped, None, tenant, generation)
                except MasterKeyMissing:
                    mark = None
            found.append(
                Generation(
                    tenant=tenant,
                    generation=generation,
                    master=mark.hex() if mark else None,
                    current=mark == self._masters.current,
                    subjects=subjects,
                )
            )
        return found

    async def _batch(
        self, tenant: UUID, generations: dict[int, AESGCM], newest: int, after: UUID
    ) -> tuple[int, UUID | None]:
        """How many were wrapped anew, and the last one that was looked at, None at the end."""
        query = (
            "SELECT subject, generation, wrapped FROM subject_keys "
            "WHERE tenant = %s AND generation < %s AND subject >= %s ORDER BY subject LIMIT %s"
        )
        update = (
            "UPDATE subject_keys SET generation = %s, wrapped = %s "
            "WHERE tenant = %s AND subject = %s AND wrapped = %s"
        )
        async with self._database.tenant(tenant) as connection:
            cursor = await connection.execute(query, [tenant, newest, after, AT_ONCE])
            rows = await cursor.fetchall()
            changes = []
            for subject, generation, wrapped in rows:
                secret = unwrap(generations[generation], wrapped, tenant, generation, subject)
                new = wrap(generations[newest], secret, tenant, newest, subject)
                changes.append([newest, new, tenant, subject, wrapped])
            if changes:
                # In the order of subjects, so that two rotations at once wait for each other in one order.
                cursor = connection.cursor()
                await cursor.executemany(update, changes)
                return cursor.rowcount, rows[-1][0] if len(rows) == AT_ONCE else None
        return 0, None

    async def _opened(self, tenant: UUID) -> dict[int, AESGCM]:
        query = "SELECT generation, wrapped, master FROM tenant_keys WHERE tenant = %s"
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(query, [tenant])).fetchall()
        return {
            generation: AESGCM(self._masters.open(wrapped, mark, tenant, generation)[0])
            for generation, wrapped, mark in rows
        }

    async def _one(self, tenant: UUID, query: str, values: Any) -> Any:
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(query.encode(), values)).fetchone()
        assert row is not None
        return row[0]
