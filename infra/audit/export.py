"""The log for an outsider: JSON lines that the stand-alone verifier checks. docs/audit.md has the format."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from domain.audit.merkle import consistency_ranges, inclusion_ranges
from domain.base.errors import NotFound
from infra.audit.checkpoints import Checkpoints, Signed
from infra.audit.tiles import Tiles
from infra.log.hashing import microseconds
from infra.postgres.database import Connection, Database

FORMAT = "retrace-export-1"
PAGE = 2000
COLUMNS = "seq, stream, version, recorded_at, topic, actor, correlation, causation, payload, digest, hash"


class Exporter:
    def __init__(self, database: Database, checkpoints: Checkpoints) -> None:
        self._database = database
        self._checkpoints = checkpoints

    async def whole(self, tenant: UUID, signed: Signed) -> AsyncIterator[str]:
        """The whole log up to a checkpoint, line by line."""
        header = {"format": FORMAT, "tenant": str(tenant), "from": 1, "to": signed.size, "complete": True}
        yield json.dumps(header)
        query = f"SELECT {COLUMNS} FROM events WHERE tenant = %s AND seq > %s AND seq <= %s ORDER BY seq LIMIT {PAGE}"
        after = 0
        while True:
            async with self._database.tenant(tenant) as connection:
                rows = await _rows(connection, query, [tenant, after, signed.size])
            if not rows:
                return
            for row in rows:
                yield json.dumps(_line(row))
            after = rows[-1][0]

    async def stream(
        self, tenant: UUID, stream: UUID, signed: Signed, older: Signed | None = None
    ) -> AsyncIterator[str]:
        """One stream, each event with its proof, and nothing of any other. Raises NotFound."""
        query = f"SELECT {COLUMNS} FROM events WHERE tenant = %s AND stream = %s AND seq <= %s ORDER BY seq"
        async with self._database.tenant(tenant) as connection:
            rows = await _rows(connection, query, [tenant, stream, signed.size])
            if not rows:
                raise NotFound(f"the checkpoint of size {signed.size} speaks of no event of stream {stream}")
            tiles = Tiles(connection, tenant, signed.size)
            header = {"format": FORMAT, "tenant": str(tenant), "complete": False, "stream": str(stream)}
            yield json.dumps(header | {"size": signed.size})
            for row in rows:
                proof = [await tiles.root_of(part) for part in inclusion_ranges(row[0] - 1, signed.size)]
                yield json.dumps(_line(row) | {"proof": [_text(hash) for hash in proof]})
            if older is not None:
                proof = [await tiles.root_of(part) for part in consistency_ranges(older.size, signed.size)]
                yield json.dumps(
                    {
                        "consistency": [_text(hash) for hash in proof],
                        "first": older.size,
                        "second": signed.size,
                    }
                )


async def _rows(connection: Connection, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query.encode(), values, binary=True)).fetchall()


def _line(row: tuple[Any, ...]) -> dict[str, Any]:
    seq, stream, version, recorded_at, topic, actor, correlation, causation, payload, digest, hash = row
    return {
        "seq": seq,
        "stream": str(stream),
        "version": version,
        "recorded_at": microseconds(recorded_at),
        "topic": topic,
        "actor": actor,
        "correlation": str(correlation),
        "causation": str(causation) if causation else None,
        "payload": _text(payload) if payload is not None else None,
        "digest": _text(digest),
        "hash": _text(hash),
    }


def _text(data: bytes) -> str:
    return b64encode(data).decode()
