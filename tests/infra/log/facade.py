"""A synchronous face of our recorder, so that the library's own test cases run on it.

One tenant serves the library's notion of a global position.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)

from infra.log.appender import Appender
from infra.log.command import CONFLICT, DONE, DUPLICATE, Command, NewEvent, Verdict
from infra.log.hashing import microseconds
from tests.cells import cell
from tests.infra.log.parts import now


class SyncRecorder(ApplicationRecorder):
    def __init__(self, url: str) -> None:
        self._url = url
        self._tenant = uuid4()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._appender = Appender(cell(url))
        self._local = threading.local()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._appender.close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        if not stored_events:
            return []
        events: list[NewEvent] = []
        hashes: dict[bytes, bytes] = {}
        for stored in stored_events:
            stream = UUID(str(stored.originator_id)).bytes
            previous = None if stream in hashes else self._last_hash(stored)
            hash = sha256((hashes.get(stream) or previous or b"") + stored.state).digest()
            hashes[stream] = hash
            version, at = stored.originator_version, microseconds(now())
            events.append(NewEvent(stream, version, previous, stored.topic, at, stored.state, hash, hash))
        request = uuid4().bytes
        command = Command(
            tenant=self._tenant.bytes, events=events, actor="library", correlation=request, causation=request
        )
        verdict = asyncio.run_coroutine_threadsafe(self._append(command), self._loop).result(30)
        if verdict.outcome in (CONFLICT, DUPLICATE):
            raise IntegrityError("the version is taken")
        assert verdict.outcome == DONE
        return list(range(verdict.position - len(events) + 1, verdict.position + 1))

    async def _append(self, command: Command) -> Verdict:
        try:
            return await self._appender.append(command)
        except psycopg.IntegrityError as error:
            raise IntegrityError(str(error)) from error

    def _last_hash(self, stored: StoredEvent) -> bytes:
        stream = UUID(str(stored.originator_id))
        rows = self._rows("hash", "AND stream = %s ORDER BY version DESC LIMIT 1", [stream])
        return bytes(rows[0][0]) if rows else b""

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        order = "DESC" if desc else "ASC"
        rows = self._rows(
            "stream, version, topic, payload",
            f"AND stream = %s AND version > %s AND version <= %s ORDER BY version {order} LIMIT %s",
            [originator_id, -1 if gt is None else gt, 2**31 - 1 if lte is None else lte, limit],
        )
        return [StoredEvent(stream, version, topic, bytes(state)) for stream, version, topic, state in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = 0 if start is None else start if inclusive_of_start else start + 1
        rows = self._rows(
            "stream, version, topic, payload, seq",
            "AND seq >= %s AND seq <= %s AND (%s::text[] = '{}' OR topic = ANY(%s)) ORDER BY seq LIMIT %s",
            [first, 2**62 if stop is None else stop, list(topics), list(topics), limit],
        )
        return [
            Notification(stream, version, topic, bytes(state), seq)
            for stream, version, topic, state, seq in rows
        ]

    def max_notification_id(self) -> int | None:
        rows = self._rows("seq", "ORDER BY seq DESC LIMIT 1", [])
        return rows[0][0] if rows else None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        raise NotImplementedError("projections follow the log by position")

    def _rows(self, columns: str, rest: str, values: list[Any]) -> list[Any]:
        if not hasattr(self._local, "connection"):
            ours = cell(self._url)
            self._local.connection = psycopg.connect(ours.conninfo("retrace_app"), autocommit=True)
            context = ours.context(self._tenant)
            self._local.connection.execute("SELECT set_config('retrace.tenant', %s, false)", [context])
        query = f"SELECT {columns} FROM events WHERE tenant = %s {rest}"
        found: list[Any] = self._local.connection.execute(query, [self._tenant, *values]).fetchall()
        return found
