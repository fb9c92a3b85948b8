"""What ratings and signals add up to equals a count over the events that knows nothing of the read models, however they came in."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from domain.actions.call import ActionCall
from domain.agents.rating_words import ENGLISH
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.answers import Outcome
from domain.conversations.conversation import Conversation
from domain.feedback.rating import Rating
from domain.gateway.decision import Routing
from domain.shop.availability import Slot
from domain.shop.booking import Booking
from infra.crypto.erasing import SubjectEraser
from infra.postgres.database import Database
from infra.projections.comparing import compare
from infra.projections.rebuild import rebuild
from infra.projections.sql import TransactionSql
from interfaces.http.feedback.period import period_of
from projections.base import topics
from projections.ratings import Ratings, rated
from projections.signals import Collected, ImplicitSignals, collected, totals_of
from tests.cells import cell
from tests.infra.log.parts import Log, context, now
from tests.infra.projections.copies import caught_up, shop_of
from tests.infra.projections.parts import exchange, rows

EVENTS = 10_000
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Africa/Cairo",
    "America/Havana",
)
OUTCOMES = (
    *[Outcome()] * 5,
    Outcome(kind="ask_back", category="correction"),
    Outcome(kind="hand_over", category="person"),
    Outcome(kind="hand_over", category="topic"),
    Outcome(kind="decline", category="outside"),
)
GAPS = (1, 20, 290, 310, 1700, 1900, 40_000, 200_000)
"""Seconds between two things that happen in a conversation, about."""


def life(chance: random.Random, length: int) -> Iterator[Event]:
    """What may happen in and around one conversation."""
    at = BEGIN + timedelta(seconds=chance.uniform(0, 50 * 86_400))
    found = Conversation.start(uuid4(), channel="whatsapp", address="a", name=None, at=at)
    ratings: dict[UUID, Rating] = {}
    for _ in range(length):
        at += timedelta(seconds=chance.choice(GAPS) * chance.uniform(0.5, 1.5))
        what = chance.choices(("says", "answer", "begin", "person", "rate", "buy"), (8, 8, 1, 1, 5, 1))[0]
        if what == "says":
            found.receive(message=str(uuid4()), text="?", interaction=uuid4(), at=at, sender="s")
        elif what == "answer" and found.pending is not None:
            answer(found, chance.choice(OUTCOMES), chance.random() < 0.3, at)
        elif what == "begin" and found.pending is not None:
            found.disclose("a machine", at)
            found.begin_answer(at, heard=chance.random() < 0.5)
        elif what == "person":
            found.claim("eve", at)
            found.reply("eve", "Hello.", at)
            found.release("eve", at)
        elif what == "rate" and found.state.last_interaction is not None:
            interaction = found.state.last_interaction
            rating = ratings.setdefault(interaction, Rating.begin(interaction, found.id, at))
            comment = chance.choice((None, None, "", f"So it is {chance.random()}."))
            rating.rate(chance.random() < 0.7, "api", at, comment=comment)
            yield from rating.collect_events()  # type: ignore[misc]  # the library's word for our events
        elif what == "buy":
            made = booked(found.id, at) if chance.random() < 0.5 else called(found.id, chance, at)
            yield from made.collect_events()  # type: ignore[misc]
        yield from found.collect_events()  # type: ignore[misc]


def booked(conversation: UUID, at: datetime) -> Booking:
    slot = Slot(day=at.date(), start=at, end=at + timedelta(hours=1))
    facts: dict[str, Any] = {"places": 1, "price": Decimal(1), "currency": "EUR", "note": None}
    return Booking.make(uuid4(), conversation=conversation, service=uuid4(), slot=slot, at=at, **facts)


def called(conversation: UUID, chance: random.Random, at: datetime) -> ActionCall:
    """Of an action that counts as a booking, or as nothing."""
    counts = chance.choice(("booking", None))
    call = ActionCall.request(
        conversation=conversation,
        interaction=uuid4(),
        number=0,
        action="book",
        declared=1,
        effect="write",
        consent="none",
        repeatable=False,
        counts_as=counts,  # type: ignore[arg-type]
        by="model",
        arguments="{}",
        minutes=1,
        at=at,
    )
    call.attempt(at)
    call.complete(None, at)
    return call


def answer(found: Conversation, outcome: Outcome, ask: bool, at: datetime) -> None:
    burst = found.pending
    assert burst is not None
    found.disclose("a machine", at)
    found.meter(
        burst.interaction, routing=Routing(model="p/m", reason="r"), attempts=(), outcome=outcome, at=at
    )
    found.answer(
        text="yes", citations=(), template="t", confidence=1.0, configuration_version=0, latency_ms=1.0, at=at
    )
    if ask:
        found.ask_rating(burst.interaction, "token", ENGLISH, at)


def history(
    chance: random.Random, tenant: UUID, *, count: int = EVENTS, erased: bool = False
) -> list[Recorded]:
    """One tenant's log, of many conversations at once."""
    events: list[Event] = []
    while len(events) < count:
        events += life(chance, chance.randint(1, 40))
    events.sort(key=lambda event: event.timestamp)
    return [
        Recorded(
            position, tenant, event.originator_id, event.originator_version, event.TOPIC, event.timestamp,
            "", tenant, None, b"", b"", None if erased and event.PERSONAL else event,
        )
        for position, event in enumerate(events, 1)
    ]  # fmt: skip


async def project(log: Log, events: Sequence[Recorded], sizes: Iterator[int]) -> None:
    """As the projector does, in batches of any size."""
    async with Database(cell(log.url), role="retrace_projector", size=1) as writer:
        for projection in (Ratings(), ImplicitSignals()):
            wanted = topics([projection])
            mine, start = [each for each in events if each.topic in wanted], 0
            while start < len(mine):
                end = start + next(sizes)
                async with writer.tenant(events[0].tenant) as connection:
                    await projection.apply(mine[start:end], TransactionSql(connection))
                start = end


class Counted:
    """The same figures from whole events, one conversation after the other."""

    def __init__(self, events: Sequence[Recorded], until: datetime) -> None:
        self.until = until
        self.ratings: dict[UUID, tuple[datetime, bool]] = {}
        self.comments: dict[UUID, bool] = {}
        self.answers: dict[UUID, dict[str, Any]] = {}
        streams: dict[UUID, list[Event]] = defaultdict(list)
        for event in (recorded.event for recorded in events):
            assert event is not None
            if isinstance(event, Rating.Rated):
                self.ratings[event.interaction] = (event.timestamp, event.helpful)
            elif isinstance(event, Rating.Commented):
                self.comments[event.interaction] = not event.empty
            else:
                streams[getattr(event, "conversation", event.originator_id)].append(event)
        for stream in streams.values():
            self._count(stream)

    def _count(self, events: list[Event]) -> None:
        C = Conversation
        came: dict[UUID, datetime] = {}
        outcomes: dict[UUID, Outcome | None] = {}
        last: UUID | None = None
        for n, event in enumerate(events):
            if isinstance(event, C.MessageReceived):
                came.setdefault(event.interaction, event.timestamp)
            elif isinstance(event, C.Metered):
                outcomes[event.interaction] = event.outcome
            elif isinstance(event, C.Replied):
                last = None
            elif isinstance(event, C.RatingAsked):
                self.answers[event.interaction]["asked"] = True
            elif last is not None and (
                isinstance(event, Booking.Made)
                or (isinstance(event, ActionCall.Completed) and event.counts_as == "booking")
            ):
                if event.timestamp - self.answers[last]["at"] <= timedelta(hours=24):
                    self.answers[last]["completed"] = True
            elif isinstance(event, C.Answered):
                own, outcome = event.interaction, outcomes[event.interaction]
                assert outcome is not None
                then = next(
                    (e for e in events[n + 1 :] if isinstance(e, C.MessageReceived | C.Replied | C.Answered)),
                    None,
                )
                reply = (
                    then.timestamp - event.timestamp if isinstance(then, C.MessageReceived) else timedelta.max
                )
                took = (event.timestamp - came[own]) / timedelta(seconds=1)
                self.answers[own] = {
                    "at": event.timestamp,
                    "continued": reply <= timedelta(minutes=5),
                    "abandoned": outcome.kind == "ask_back"
                    and reply > timedelta(minutes=30)
                    and self.until - event.timestamp > timedelta(minutes=30),
                    "completed": False,
                    "requested": False,
                    "asked": False,
                    "slowness": min(max(took - 10, 0), 110) / 110,
                }
                if outcome.kind == "hand_over" and outcome.category == "person":
                    after = came[own] - self.answers[last]["at"] if last is not None else timedelta.max
                    led = last is not None and timedelta() <= after <= timedelta(minutes=30)
                    self.answers[last if led and last is not None else own]["requested"] = True
                last = own

    def within(self, zone: ZoneInfo, first: date, last: date) -> dict[str, Any]:
        def inside(at: datetime) -> bool:
            return first <= at.astimezone(zone).date() <= last

        given = {id: helpful for id, (at, helpful) in self.ratings.items() if inside(at)}
        answers = {id: each for id, each in self.answers.items() if inside(each["at"])}
        asked = [id for id, each in answers.items() if each["asked"]]
        scores = [
            0.5 + 0.15 * a["continued"] + 0.35 * a["completed"] - 0.3 * a["requested"] - 0.1 * a["abandoned"] - 0.1 * a["slowness"]
            for a in answers.values()
        ]  # fmt: skip
        return {
            "total": len(given),
            "helpful": sum(given.values()),
            "commented": sum(self.comments.get(id, False) for id in given),
            "answers": len(answers),
            **{
                name: sum(a[name] for a in answers.values())
                for name in ("continued", "completed", "requested", "abandoned")
            },
            "score": pytest.approx(sum(scores) / len(scores), abs=1e-6) if scores else None,
            "collected": Collected(asked=len(asked), rated=sum(id in self.ratings for id in asked)),
        }


async def test_ten_thousand_events_add_up_to_the_same_over_any_days_of_any_zone(log: Log) -> None:
    seed = 20261129
    chance, tenant, until = random.Random(seed), uuid4(), BEGIN + timedelta(days=60)
    events = history(chance, tenant)
    await project(log, events, iter(lambda: chance.choice((1, 7, 300, 3000)), None))
    expected = Counted(events, until)
    whole = expected.within(
        ZoneInfo("UTC"), BEGIN.date() - timedelta(days=1), until.date() + timedelta(days=400)
    )
    assert (
        min(
            whole[name]
            for name in ("helpful", "commented", "continued", "completed", "requested", "abandoned")
        )
        > 10
    )
    async with log.database.tenant(tenant) as connection:
        sql = TransactionSql(connection)
        for _ in range(80):
            name = chance.choice(ZONES)
            first = BEGIN.date() + timedelta(days=chance.randint(-5, 70))
            last = first + timedelta(days=chance.choice((0, 0, 1, 7, 30, 90)))
            since, before = period_of(until, None, name, first, last)
            given = await rated(sql, tenant, since=since, until=before)
            done = await totals_of(sql, tenant, since=since, until=before, now=until)
            found = {
                "total": given.total,
                "helpful": given.helpful,
                "commented": given.commented,
                **{
                    each: getattr(done, each)
                    for each in ("answers", "continued", "completed", "requested", "abandoned", "score")
                },
                "collected": await collected(sql, tenant, since=since, until=before),
            }
            assert found == expected.within(ZoneInfo(name), first, last), (seed, name, first, last)


async def test_an_erasure_changes_no_row_nor_do_batches(log: Log) -> None:
    tenants = uuid4(), uuid4()
    for tenant, erased, size in ((tenants[0], False, 97), (tenants[1], True, EVENTS)):
        events = history(random.Random(7), tenant, count=2000, erased=erased)
        # The same customers: ids are by chance, so what is compared is all but those.
        await project(log, events, iter(lambda size=size: size, None))
    both = [await rows(log, tenant) for tenant in tenants]
    columns = {"ratings": slice(3, -1), "signals": slice(3, None)}
    for table, kept in columns.items():
        one, two = (
            [row[kept] for row in sorted(each[table], key=lambda row: repr(row[3:]))] for each in both
        )
        assert len(one) > 100
        assert one == two


async def test_a_rebuild_after_an_erasure_has_the_same_rows(log: Log) -> None:
    tenant, gone = uuid4(), []
    for n in range(4):
        conversation = Conversation.start(uuid4(), channel="http", address=str(n), name=None, at=now())
        for _ in range(3):
            exchange(conversation)
        interaction = conversation.state.last_interaction
        assert interaction is not None
        await log.store.save(conversation, context=context(tenant))
        rating = Rating.begin(interaction, conversation.id, now())
        rating.rate(n % 2 == 0, "api", now(), comment="I am Ada." if n < 3 else None)
        await log.store.save(rating, context=context(tenant))
        if n < 2:
            conversation.forget(now())
            await log.store.save(conversation, context=context(tenant))
            gone.append(conversation.id)
    await caught_up(log)
    async with Database(cell(log.url), role="retrace_eraser", size=1) as database:
        for subject in gone:
            assert await SubjectEraser(database, log.keyring).erase(tenant, subject) > 0
    for projection in (Ratings(), ImplicitSignals()):
        async with shop_of(log, projection) as shop:
            await rebuild(shop, tenant=tenant)
            found = await compare(shop)
        assert (found.differing, found.first) == (0, [])
        assert found.rows >= 4
    stream = [recorded async for recorded in log.store.events(tenant, topics=[Rating.Commented.TOPIC])]
    texts = [recorded.event.text for recorded in stream if isinstance(recorded.event, Rating.Commented)]
    assert texts == [None, None, "I am Ada."]
