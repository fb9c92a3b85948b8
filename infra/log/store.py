"""The log as the use cases see it: load, decide, save. Implements `application.ports.Store`."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID
from weakref import WeakValueDictionary

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.context import Context
from application.ports import Found, Owed, Saved, Settled, Tally, Unavailable, Wanted
from domain.base import NIL, Aggregate, Event
from domain.errors import Conflict, NotFound, Refused
from domain.recorded import Recorded
from infra.crypto.keyring import KeyErased, Keyring, seal_with
from infra.hints import Hints
from infra.log import codec
from infra.log.appender import Appender
from infra.log.command import DONE, DUPLICATE, LATE, REFUSED, REKEY, Command, NewEvent
from infra.log.hashing import context_bytes, digest_of, hash_of, microseconds
from infra.log.reader import PAGE, Reader
from infra.log.snapshots import EVERY, Snapshots

A = TypeVar("A", bound=Aggregate[Any])

RACES = 20
"""How often `change` begins again after a lost race."""

FRESH = 1.0
"""Seconds for which `latest` gives what it has without asking the log."""

SHARED = 10_000
"""Aggregates that `latest` keeps."""


class LogStore:
    """One per process. `saves` counts commands by outcome, for the metrics."""

    def __init__(
        self, appender: Appender, reader: Reader, snapshots: Snapshots, keyring: Keyring, hints: Hints
    ) -> None:
        self._appender = appender
        self._reader = reader
        self._snapshots = snapshots
        self._keyring = keyring
        self._hints = hints
        self._latest: OrderedDict[tuple[UUID, UUID], tuple[float, Aggregate[Any]]] = OrderedDict()
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self.saves = {"done": 0, "duplicate": 0, "conflict": 0, "refused": 0}

    async def load(self, kind: type[A], id: UUID, *, tenant: UUID, version: int | None = None) -> A:
        aggregate = await self._caught_up(
            kind, id, tenant, await self._snapshots.load(kind, id, tenant, version), version
        )
        if aggregate is None or (version is not None and aggregate.version < version):
            at = "" if version is None else f" at version {version}"
            raise NotFound(f"there is no {kind.TOPIC} {id}{at} in this tenant")
        return aggregate

    async def latest(self, kind: type[A], id: UUID, *, tenant: UUID) -> A:
        now = time.monotonic()
        since, known = self._latest.get((tenant, id), (0.0, None))
        if known is not None and now - since < FRESH:
            return cast(A, known)  # an id has one kind
        if known is None:
            aggregate = await self.load(kind, id, tenant=tenant)
        else:
            aggregate = cast(A, await self._caught_up(kind, id, tenant, cast(A, known)))
        self._latest[tenant, id] = (now, aggregate)
        self._latest.move_to_end((tenant, id))
        if len(self._latest) > SHARED:
            self._latest.popitem(last=False)
        return aggregate

    async def save(
        self,
        *aggregates: Aggregate[Any],
        context: Context,
        inbox: str | None = None,
        work: Sequence[Owed | Settled] = (),
        tallies: Sequence[Tally] = (),
    ) -> Saved:
        collected = [(a, cast(Sequence[Event], a.collect_events())) for a in aggregates]
        while True:
            command, chains, new_keys = await self._command(collected, context, inbox, work, tallies)
            verdict = await self._appender.append(command)
            if verdict.outcome != REKEY:
                break
            # Another process gave this subject its key first: take that one.
            await self._keyring.load(context.tenant, [key.subject for key in command.keys])
        if verdict.outcome == DONE:
            for subject, key in new_keys.items():
                self._keyring.remember(context.tenant, subject, key)
            for (aggregate, _), chain in zip(collected, chains, strict=True):
                aggregate.chain = chain
            self.saves["done"] += 1
            self._hints.changed(context.tenant)
            return Saved(position=verdict.position)
        if verdict.outcome == DUPLICATE:
            self.saves["duplicate"] += 1
            return Saved(position=verdict.position, duplicate=True)
        if verdict.outcome == REFUSED:
            self.saves["refused"] += 1
            raise Refused("a shared limit does not allow this", limits=[f"{t.kind}/{t.key}" for t in tallies])
        if verdict.outcome == LATE:
            raise Unavailable(
                "the write waited too long, or this machine's clock is off the database's by seconds; try again"
            )
        self.saves["conflict"] += 1
        raise Conflict(
            "somebody else has changed this first; look at it again and retry",
            streams=[f"{type(a).TOPIC}/{a.id}" for a, _ in collected],
        )

    async def change(
        self,
        kind: type[A],
        id: UUID,
        decide: Callable[[A | None], A],
        *,
        context: Context,
        inbox: str | None = None,
        work: Sequence[Owed | Settled] = (),
    ) -> tuple[A, Saved]:
        async with self._turn(id):  # races within a process are queued; only those between processes are run
            for race in range(RACES):
                snapshot = await self._snapshots.load(kind, id, context.tenant)
                aggregate = decide(await self._caught_up(kind, id, context.tenant, snapshot))
                if not aggregate.pending_events:
                    return aggregate, Saved(position=0)
                try:
                    return aggregate, await self.save(aggregate, context=context, inbox=inbox, work=work)
                except Conflict:
                    if race == RACES - 1:
                        raise
        raise AssertionError("unreachable")

    async def event(self, tenant: UUID, position: int) -> Recorded:
        return await self._reader.at(tenant, position)

    async def stream(
        self, tenant: UUID, stream: UUID, *, after: int = 0, limit: int | None = None
    ) -> AsyncIterator[Recorded]:
        left = 2**31 if limit is None else limit
        while left > 0 and (page := await self._reader.stream(tenant, stream, after, limit=min(PAGE, left))):
            for recorded in page:
                yield recorded
            after, left = page[-1].version, left - len(page)

    def events(
        self, tenant: UUID, *, after: int = 0, limit: int | None = None, topics: Sequence[str] = ()
    ) -> AsyncIterator[Recorded]:
        return self._reader.pages(tenant, after, limit, topics)

    async def find(self, tenant: UUID, wanted: Wanted, *, after: int, until: int) -> AsyncIterator[Found]:
        while after < until:
            found = await self._reader.find(tenant, wanted, after, until)
            yield found
            after = found.reached

    def _turn(self, id: UUID) -> asyncio.Lock:
        if (lock := self._turns.get(id)) is None:
            lock = self._turns[id] = asyncio.Lock()
        return lock

    async def _caught_up(
        self, kind: type[A], id: UUID, tenant: UUID, aggregate: A | None, until: int | None = None
    ) -> A | None:
        """`aggregate` with the events that the log has beyond it. Whoever had to replay many keeps a snapshot for the next one."""
        replayed = 0
        while page := await self._reader.stream(tenant, id, aggregate.version if aggregate else 0, until):
            if page[0].topic.partition(".")[0] != kind.TOPIC:
                raise NotFound(f"there is no {kind.TOPIC} {id} in this tenant")
            if any(recorded.event is None for recorded in page):
                raise KeyErased(f"the {kind.TOPIC} {id} was erased")
            # A shared aggregate may have been caught up by somebody else while we read.
            version = aggregate.version if aggregate else 0
            events = [
                recorded.event
                for recorded in page
                if recorded.event is not None and recorded.version > version
            ]
            if not events:
                break
            aggregate = kind.replay(events, aggregate)
            assert aggregate is not None
            aggregate.chain = page[-1].hash
            replayed += len(events)
            if len(page) < PAGE:
                break
        if aggregate is not None and until is None and replayed >= EVERY:
            await self._snapshots.save(aggregate, tenant)
        return aggregate

    async def _command(
        self,
        collected: Sequence[tuple[Aggregate[Any], Sequence[Event]]],
        context: Context,
        inbox: str | None,
        work: Sequence[Owed | Settled],
        tallies: Sequence[Tally],
    ) -> tuple[Command, list[bytes], dict[UUID, AESGCM]]:
        """The command, the hash that each aggregate's chain ends with, and the keys that it brings."""
        tenant = context.tenant
        causation = context.causation.bytes if context.causation else None
        command = Command(
            tenant=tenant.bytes,
            events=[],
            actor=context.actor,
            correlation=context.correlation.bytes,
            causation=causation,
            inbox=inbox,
            work=list(work),
            tallies=list(tallies),
        )
        chains = []
        new_keys: dict[UUID, AESGCM] = {}
        for aggregate, events in collected:
            chain, first, stream = aggregate.chain, True, aggregate.id.bytes
            for event in events:
                subject = aggregate.subject if event.PERSONAL else NIL
                key = self._keyring.cached(tenant, subject) or new_keys.get(subject)
                if key is None:
                    key = await self._find_key(aggregate, subject, tenant)
                if key is None:
                    # Stored with the events, known to others of this process only once it is stored.
                    key, wrapped = await self._keyring.new_key(tenant, subject)
                    new_keys[subject] = key
                    command.keys.append(wrapped)
                at = microseconds(event.timestamp)
                about = context_bytes(
                    command.tenant,
                    stream,
                    event.originator_version,
                    at,
                    command.correlation,
                    causation,
                    event.TOPIC,
                    context.actor,
                )
                payload = seal_with(key, subject, codec.encode(event), about)
                digest = digest_of(payload)
                previous, chain = chain if first else None, hash_of(chain, about, digest)
                first = False
                command.events.append(
                    NewEvent(
                        stream, event.originator_version, previous, event.TOPIC, at, payload, digest, chain
                    )
                )
            chains.append(chain)
        if not command.events:
            raise ValueError("there is nothing to save: no aggregate has pending events")
        return command, chains, new_keys

    async def _find_key(self, aggregate: Aggregate[Any], subject: UUID, tenant: UUID) -> AESGCM | None:
        """None for a subject that has none yet. Raises KeyErased."""
        if not aggregate.chain and subject == aggregate.id:
            return None
        key = (await self._keyring.load(tenant, [subject])).get(subject)
        if key is None and aggregate.chain and subject == aggregate.subject:
            raise KeyErased(f"the {aggregate.TOPIC} {aggregate.id} was erased")
        return key
