"""The log as the use cases see it: load, decide, save. Implements `application.ports.Store`."""

from __future__ import annotations

import asyncio
import copy
import random
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID
from weakref import WeakValueDictionary

from application.ports import Backlog, Done, Due, Found, Saved, Tallied, Tally, Unavailable, Wanted, Work
from domain.base.aggregate import Aggregate, Event
from domain.base.context import Context
from domain.base.errors import Conflict, LimitReached, nowhere
from domain.base.recorded import Recorded
from infra.crypto.keyring import KeyErased, Keyring
from infra.log.appender import Appender
from infra.log.command import DONE, DUPLICATE, LATE, REFUSED, REKEY
from infra.log.commands import Commands
from infra.log.handed_over import HandedOver
from infra.log.latest import Latest
from infra.log.odds import Odds
from infra.log.reader import PAGE, UNREADABLE, Reader
from infra.log.recent import Recent, restored
from infra.log.snapshots import EVERY, LONG, Snapshots
from infra.redis.wakeups import Hints

A = TypeVar("A", bound=Aggregate[Any])

Owing = Callable[[UUID, Iterable[str]], Sequence[Due]]
"""What a save of events of these topics owes a tenant's subscribers, beside what it says itself."""

SOON = timedelta(seconds=10)
"""Within which work is due that others are told of when it is."""

RACES = 20
"""How often `change` begins again after a lost race."""


class LogStore:
    """One per process. `saves` counts commands by outcome, for the metrics."""

    def __init__(
        self,
        appender: Appender,
        reader: Reader,
        snapshots: Snapshots,
        keyring: Keyring,
        hints: Hints,
        owing: Owing = lambda tenant, topics: (),
    ) -> None:
        self._appender = appender
        self._reader = self._events = reader
        self._snapshots = snapshots
        self._keyring = keyring
        self._hints = hints
        self._commands = Commands(keyring)
        self._owing = owing
        self._latest = Latest(self._shared, reader.head)
        keyring.on_forget(self._latest.forget)
        self._handed_over = HandedOver()
        self._recent, self._odds = Recent(keyring), Odds()
        self._long: OrderedDict[tuple[UUID, UUID], None] = OrderedDict()
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self.saves = {"done": 0, "duplicate": 0, "conflict": 0, "refused": 0}

    def shown_by(self, events: Reader) -> LogStore:
        """The same store, which shows events as another reader has them. What is loaded, decided and saved stays where it is."""
        other = copy.copy(self)
        other._events = events
        return other

    async def load(
        self,
        kind: type[A],
        id: UUID,
        *,
        tenant: UUID,
        version: int | None = None,
        after_changes: bool = False,
    ) -> A:
        if after_changes:
            async with self.turn(id):
                if (changed := self._handed_over.take(kind, id, tenant)) is not None:
                    return changed
        aggregate = await self._known(kind, id, tenant, version)
        if aggregate is None or (version is not None and aggregate.version < version):
            at = "" if version is None else f" at version {version}"
            raise nowhere(kind.TOPIC, id, at)
        return aggregate

    async def load_several(
        self, kind: type[A], ids: Sequence[UUID], *, tenant: UUID
    ) -> Mapping[UUID, A | None]:
        try:
            pages = await self._reader.streams(tenant, ids, EVERY)
        except UNREADABLE:
            return {}
        found = dict[UUID, A | None]()
        for id in ids:
            page = pages.get(id, ())
            if len(page) < EVERY and all(recorded.event is not None for recorded in page):
                found[id] = aggregate = _replayed(kind, id, page, None)
                if aggregate is not None:
                    self._recent.put(tenant, aggregate, aggregate.version)
        return found

    def behind(self, aggregate: Aggregate[Any], tenant: UUID) -> bool:
        turn = self._turns.get(aggregate.id)
        return (turn is not None and turn.locked()) or self._handed_over.has(tenant, aggregate.id)

    async def latest(self, kind: type[A], id: UUID, *, tenant: UUID, since: float | None = None) -> A:
        return await self._latest.get(kind, id, tenant, since)

    def has_latest(self, tenant: UUID, ids: Collection[UUID]) -> bool:
        return self._latest.has(tenant, ids)

    async def save(
        self,
        *aggregates: Aggregate[Any],
        context: Context,
        inbox: str | None = None,
        work: Sequence[Due | Done] = (),
        tallies: Sequence[Tally] = (),
    ) -> Saved:
        collected = [(a, cast(Sequence[Event], a.collect_events())) for a in aggregates]
        if not any(events for _, events in collected):
            raise ValueError("there is nothing to save: no aggregate has pending events")
        owing = self._owing(context.tenant, (event.TOPIC for _, events in collected for event in events))
        work = [*work, *owing] if owing else work
        while True:
            command, chains, new_keys = await self._commands.of(collected, context, inbox, work, tallies)
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
                self._latest.changed(context.tenant, aggregate.id)
                self._handed_over.drop(context.tenant, aggregate.id)
                if self._recent.has(context.tenant, aggregate.id):
                    self._recent.put(context.tenant, aggregate)
            self.saves["done"] += 1
            self._hints.changed(context.tenant)
            self._tell_owed(work, verdict.leased)
            return Saved(position=verdict.position, leased=verdict.leased)
        if verdict.outcome == DUPLICATE:
            self.saves["duplicate"] += 1
            return Saved(position=verdict.position, duplicate=True)
        if verdict.outcome == REFUSED:
            self.saves["refused"] += 1
            limits = [f"{tally.kind}/{tally.key}" for tally in tallies]
            raise LimitReached(f"there is no room for this in one of {', '.join(limits)}", limits=limits)
        if verdict.outcome == LATE:
            raise Unavailable(
                "the write waited too long, or this machine's clock is off the database's by seconds; try again"
            )
        self.saves["conflict"] += 1
        for aggregate, _ in collected:
            self._recent.doubt(context.tenant, aggregate.id)
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
        work: Work | Callable[[A], Work] = (),
    ) -> tuple[A, Saved]:
        tenant = context.tenant
        async with self.turn(id):  # races within a process are queued; only those between processes are run
            changed = await self._guessed(kind, id, decide, context, inbox, work)
            if changed is not None:
                return changed
            for race in range(RACES):
                known = await self._known(kind, id, tenant)
                self._check(context, id, known)
                aggregate = decide(known)
                if not aggregate.pending_events:
                    return aggregate, Saved(position=0)
                try:
                    return await self._saved(aggregate, context, inbox, work)
                except Conflict:  # another process was first
                    await asyncio.sleep(random.uniform(0, min(0.1, 0.001 * 2**race)))
            now = await self._caught_up(kind, id, tenant, None)
            raise Conflict(
                f"others have changed this {RACES} times meanwhile; try again",
                version=now.version if now else 0,
            )

    async def _guessed(
        self,
        kind: type[A],
        id: UUID,
        decide: Callable[[A | None], A],
        context: Context,
        inbox: str | None,
        work: Work | Callable[[A], Work],
    ) -> tuple[A, Saved] | None:
        """The change, made of what this process knew, or of nothing, where that is likely what the log has: the save finds out. None: it is to
        be looked at first. So is what would not be saved, for there nobody would find out: a refusal, and where there is nothing to do."""
        kept = self._recent.find(kind, id, context.tenant)
        age = None if kept is None else time.monotonic() - kept.at
        doubted = kept is not None and kept.doubted
        if doubted or context.expected is not None or not self._odds.good(kind.TOPIC, age):
            return None
        try:
            aggregate = decide(None if kept is None else restored(kept, kind, id))
        except Exception:  # noqa: BLE001  # whatever it is: where it is so, it is raised again by what the log has
            return None
        if not aggregate.pending_events:
            return None
        try:
            changed = await self._saved(aggregate, context, inbox, work)
        except Conflict:
            self._odds.saw(kind.TOPIC, age, False)
            return None
        self._odds.saw(kind.TOPIC, age, True)
        return changed

    async def _saved(
        self, aggregate: A, context: Context, inbox: str | None, work: Work | Callable[[A], Work]
    ) -> tuple[A, Saved]:
        due = work(aggregate) if callable(work) else work
        saved = await self.save(aggregate, context=context, inbox=inbox, work=due)
        if not saved.duplicate:
            self._recent.put(context.tenant, aggregate)
            if any(isinstance(each, Due) and each.key == aggregate.id.hex for each in due):
                self._handed_over.put(context.tenant, aggregate)
        return aggregate, saved

    async def reach(self, tenant: UUID, position: int) -> None:
        await self._latest.reach(tenant, position)

    async def news(self, tenant: UUID, within: float) -> None:
        async with aclosing(self._hints.about(tenant, within)) as news:
            async for _ in news:
                return

    async def tallies(self, tenant: UUID, kind: str, keys: Collection[str] | None = None) -> Tallied:
        return await self._reader.tallies(tenant, kind, keys)

    async def work(self, tenant: UUID, kind: str) -> Backlog:
        return await self._reader.work(tenant, kind)

    async def event(self, tenant: UUID, position: int) -> Recorded:
        return await self._events.at(tenant, position)

    async def several(self, tenant: UUID, positions: Sequence[int]) -> Mapping[int, Recorded]:
        found = await self._events.several(tenant, positions) if positions else []
        return {recorded.position: recorded for recorded in found}

    async def spans(
        self, tenant: UUID, spans: Sequence[tuple[UUID, int, int]]
    ) -> Mapping[UUID, Sequence[Recorded]]:
        found: dict[UUID, list[Recorded]] = {}
        for recorded in await self._events.spans(tenant, spans) if spans else []:
            found.setdefault(recorded.stream, []).append(recorded)
        return found

    async def stream(
        self, tenant: UUID, stream: UUID, *, after: int = 0, limit: int | None = None
    ) -> AsyncIterator[Recorded]:
        left = 2**31 if limit is None else limit
        while left > 0:
            size = min(PAGE, left)
            page = await self._events.stream(tenant, stream, after, limit=size)
            for recorded in page:
                yield recorded
            if len(page) < size:
                return
            after, left = page[-1].version, left - size

    def events(
        self, tenant: UUID, *, after: int = 0, limit: int | None = None, topics: Sequence[str] = ()
    ) -> AsyncIterator[Recorded]:
        return self._events.pages(tenant, after, limit, topics)

    async def find(self, tenant: UUID, wanted: Wanted, *, after: int, until: int) -> AsyncIterator[Found]:
        while after < until:
            found = await self._events.find(tenant, wanted, after, until)
            yield found
            after = found.reached

    async def _shared(self, kind: type[A], id: UUID, tenant: UUID, known: A | None) -> A | None:
        if known is None:
            return await self._known(kind, id, tenant)
        return await self._caught_up(kind, id, tenant, known)

    def _tell_owed(self, work: Sequence[Due | Done], leased: bool) -> None:
        """Those who do it, once it is due; what is due later than that they find by themselves."""
        now, soon = datetime.now(UTC), dict[float, list[str]]()
        for item in work:
            if isinstance(item, Due) and not (leased and item.holder) and item.due_at - now < SOON:
                after = max(0.0, (item.due_at - now).total_seconds())
                soon.setdefault(after, []).append(item.kind)
        for after, kinds in soon.items():
            self._hints.owed(kinds, after)

    def _check(self, context: Context, id: UUID, known: Aggregate[Any] | None) -> None:
        """Raises Conflict where it is not what the caller has seen."""
        version, expected = known.version if known else 0, context.expected
        if expected is not None and expected.stream == id and version not in expected.versions:
            self._latest.changed(context.tenant, id)  # what the caller reads next is this
            raise Conflict(f"somebody else has changed this; it is at version {version} now", version=version)

    def turn(self, id: UUID) -> asyncio.Lock:
        if (lock := self._turns.get(id)) is None:
            lock = self._turns[id] = asyncio.Lock()
        return lock

    async def _known(self, kind: type[A], id: UUID, tenant: UUID, until: int | None = None) -> A | None:
        """The aggregate as the log has it. A stream has a snapshot only where it is longer than one read: then it begins with that."""
        if until is None and (found := await self._gone_on(kind, id, tenant)) is not None:
            return found
        if (tenant, id) not in self._long:
            try:
                page = await self._reader.stream(tenant, id, 0, until, EVERY, whole=False)
            except UNREADABLE:
                pass  # a snapshot may lie behind what can't be read; where there is none, it is raised again
            else:
                if len(page) < EVERY:
                    found = _replayed(kind, id, page, None)
                    if until is None:
                        self._odds.saw(kind.TOPIC, None, found is None)
                    if found is not None and until is None:
                        self._recent.put(tenant, found, found.version)
                    return found
                self._long[tenant, id] = None
                if len(self._long) > LONG:
                    self._long.popitem(last=False)
        snapshot = await self._snapshots.load(kind, id, tenant, until)
        base = snapshot.version if snapshot is not None else 0
        found = await self._caught_up(kind, id, tenant, snapshot, until)
        if found is not None and until is None:
            self._recent.put(tenant, found, base if found.version - base < EVERY else found.version)
        return found

    async def _gone_on(self, kind: type[A], id: UUID, tenant: UUID) -> A | None:
        """What this process knew, with what the log has beyond it. None: it is to be read from its beginning, as it knew nothing, or was
        wrong, or it was erased."""
        kept = self._recent.find(kind, id, tenant)
        if kept is None:
            return None
        asked = time.monotonic()
        page = await self._reader.stream(tenant, id, kept.version, whole=False)
        self._odds.saw(kind.TOPIC, asked - kept.at, not page)
        whole = all(recorded.event is not None and not recorded.event.ERASES for recorded in page)
        if not whole or len(page) == PAGE or (kept.doubted and not page):
            self._recent.drop(tenant, id)
            return None
        found = _replayed(kind, id, page, restored(kept, kind, id))
        assert found is not None
        base = kept.base
        if found.version - base >= EVERY:
            await self._snapshots.save(found, tenant)
            base = found.version
        if page or base != kept.base:
            self._recent.put(tenant, found, base)
        else:
            kept.at = asked
        return found

    async def _caught_up(
        self, kind: type[A], id: UUID, tenant: UUID, aggregate: A | None, until: int | None = None
    ) -> A | None:
        """`aggregate` with the events that the log has beyond it. Whoever had to replay many keeps a snapshot for the next one."""
        replayed = 0
        # No state needs what is lent to an event.
        while page := await self._reader.stream(
            tenant, id, aggregate.version if aggregate else 0, until, whole=False
        ):
            version = aggregate.version if aggregate else 0
            aggregate = _replayed(kind, id, page, aggregate)
            assert aggregate is not None
            replayed += aggregate.version - version
            if aggregate.version == version or len(page) < PAGE:
                break
        if aggregate is not None and until is None and replayed >= EVERY:
            await self._snapshots.save(aggregate, tenant)
        return aggregate


def _replayed(kind: type[A], id: UUID, page: Sequence[Recorded], aggregate: A | None) -> A | None:
    """`aggregate` with the events of `page` that it does not have yet; None: there is none. Raises NotFound, KeyErased."""
    if page and page[0].topic.partition(".")[0] != kind.TOPIC:
        raise nowhere(kind.TOPIC, id)
    if any(recorded.event is None for recorded in page):
        raise KeyErased(f"the {kind.TOPIC} {id} was erased")
    # A shared aggregate may have been caught up by somebody else while we read.
    version = aggregate.version if aggregate else 0
    events = [
        recorded.event for recorded in page if recorded.event is not None and recorded.version > version
    ]
    if events:
        aggregate = kind.replay(events, aggregate)
        assert aggregate is not None
        aggregate.chain = page[-1].hash
    return aggregate
