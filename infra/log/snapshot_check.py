"""Checks snapshots against replay: the state that a stream's events give up to its version, from the first on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, Aggregate
from domain.kinds import NAMES
from infra.crypto.keyring import KeyErased, Keyring, Tampered
from infra.log.hashing import snapshot_context
from infra.log.reader import PAGE, Reader
from infra.log.snapshots import fingerprint
from infra.postgres.database import Database

Row = tuple[UUID, int, str, bytes, Any, Any, bytes]


class Differing(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that is not what replay gives."""

    stream: str
    version: int
    how: str


class Checked(msgspec.Struct, kw_only=True):
    """`outdated`: of another form of the state, so no load takes them; `erased`: their subject's key is gone."""

    tenant: UUID
    snapshots: int = 0
    outdated: int = 0
    erased: int = 0
    differing: list[Differing] = []
    dropped: int = 0


class SnapshotCheck:
    """`database` has the role of the application."""

    def __init__(self, database: Database, keyring: Keyring, reader: Reader) -> None:
        self._database, self._keyring, self._reader = database, keyring, reader

    async def count(self, tenant: UUID) -> int:
        query = "SELECT count(*) FROM snapshots WHERE tenant = %s"
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(query, [tenant])).fetchone()
        return int(row[0]) if row else 0

    async def run(
        self, tenant: UUID, *, drop: bool = False, tell: Callable[[int], object] = lambda _: None
    ) -> Checked:
        """All of a tenant's. With `drop` those that differ are removed: the next load replays. `tell` hears how many are done."""
        query = (
            "SELECT stream, version, schema, hash, created_at, modified_at, state FROM snapshots "
            "WHERE tenant = %s AND stream > %s ORDER BY stream LIMIT 100"
        )
        found, after = Checked(tenant=tenant), NIL
        while True:
            async with self._database.tenant(tenant) as connection:
                rows: list[Row] = await (
                    await connection.execute(query, [tenant, after], binary=True)
                ).fetchall()
            if not rows:
                return found
            for row in rows:
                if (differing := await self._check(found, row)) is not None:
                    found.differing.append(differing)
                    if drop:
                        found.dropped += await self._drop(tenant, row)
                found.snapshots += 1
                tell(found.snapshots)
            after = rows[-1][0]

    async def _check(self, found: Checked, row: Row) -> Differing | None:
        tenant = found.tenant
        stream, version, schema, hash, created, modified, sealed = row
        first = await self._reader.stream(tenant, stream, limit=1, whole=False)
        topic = first[0].topic.partition(".")[0] if first else "unknown"
        name, kind = f"{topic}/{stream}", NAMES.get(topic)
        if kind is None:
            return Differing(stream=name, version=version, how="its stream is not in the log")
        if schema != fingerprint(kind.State):
            found.outdated += 1
            return None
        try:
            context = snapshot_context(tenant, stream, version, schema, hash)
            state = msgspec.msgpack.decode(
                await self._keyring.unseal(tenant, sealed, context), type=kind.State
            )
            replayed, chain = await self._replayed(kind, tenant, stream, version)
        except KeyErased:
            found.erased += 1
            return None
        except (Tampered, msgspec.MsgspecError) as error:
            return Differing(stream=name, version=version, how=f"it can't be read ({type(error).__name__})")
        if replayed is None or replayed.version != version or chain != hash:
            return Differing(
                stream=name, version=version, how="its stream has no such version with this hash"
            )
        # By way of the form in which it is kept, which knows no difference between some types.
        again = msgspec.msgpack.decode(msgspec.msgpack.encode(replayed.state), type=kind.State)
        if again != state:
            return Differing(stream=name, version=version, how="its state is another one")
        if (replayed.created_on, replayed.modified_on) != (created, modified):
            return Differing(stream=name, version=version, how="its times are others")
        return None

    async def _replayed(
        self, kind: type[Aggregate[Any]], tenant: UUID, stream: UUID, version: int
    ) -> tuple[Aggregate[Any] | None, bytes]:
        """The aggregate and the hash of its last event. Raises KeyErased."""
        aggregate: Aggregate[Any] | None = None
        chain, after = b"", 0
        while page := await self._reader.stream(tenant, stream, after, version, whole=False):
            if any(recorded.event is None for recorded in page):
                raise KeyErased
            events = [recorded.event for recorded in page if recorded.event is not None]
            aggregate = kind.replay(events, aggregate)
            chain, after = page[-1].hash, page[-1].version
            if len(page) < PAGE:
                break
        return aggregate, chain

    async def _drop(self, tenant: UUID, row: Row) -> int:
        """Unless it was replaced meanwhile."""
        gone = "DELETE FROM snapshots WHERE tenant = %s AND stream = %s AND version = %s"
        async with self._database.tenant(tenant) as connection:
            return (await connection.execute(gone, [tenant, row[0], row[1]])).rowcount
