"""Random logs: many conversations with answers, failures, persons, ratings, purchases; calls of apps; everything that figures are counted from."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from domain.agents.rating_words import ENGLISH
from domain.answers.split import Assignment
from domain.answers.suggesting.reactions import Reaction, ReactionKind
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.answers import Outcome, Pairing
from domain.conversations.conversation import Conversation
from domain.feedback.rating import Rating, Source
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Passage, Usage
from domain.models.completion import Outcome as Ending
from domain.retrieval.internet.enrichment import Enrichment, WebFact
from domain.retrieval.results.figures import RetrievalFigures, retrieval_figures
from domain.retrieval.results.lookup import Lookup
from domain.shop.availability import Slot
from domain.shop.booking import Booking
from domain.shop.order import Order, OrderLine

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
OUTCOMES = (
    *[Outcome(intents=("price", "delivery"))] * 4,
    Outcome(intents=("price",), forgot=True, recovered=True),
    Outcome(kind="ask_back", category="correction"),
    *[Outcome(kind="hand_over", category="person", intents=("person",))] * 2,
    Outcome(kind="hand_over", category="topic", plain=True),
    Outcome(kind="decline", category="outside", forgot=True),
    None,
)
GAPS = (1, 20, 290, 310, 1700, 1900, 40_000, 90_000, 200_000)
"""Seconds between two things that happen in a conversation, about."""

OFFERS = tuple(UUID(int=number) for number in range(80, 84))
SPLITS = (UUID(int=71), UUID(int=72))
SOURCES: tuple[Source, ...] = ("api", "whatsapp", "console")
ENDINGS: tuple[Ending, ...] = ("ok", "ok", "ok", "timeout", "cancelled", "refused")
ROUTING = Routing(model="p/m", reason="r")


class Lives:
    """By chance, and the same again from the same chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.suggested: list[UUID] = []

    def log(self, tenant: UUID, count: int, *, erased: bool = False) -> list[Recorded]:
        """`erased`: of what is personal the columns alone are left."""
        events: list[Event] = []
        while len(events) < count:
            events += self.call() if self.chance.random() < 0.2 else self.conversation()
            events += self.enrichment() if self.chance.random() < 0.2 else ()
        events.sort(key=lambda event: event.timestamp)
        return [
            Recorded(
                position, tenant, event.originator_id, event.originator_version, event.TOPIC, event.timestamp,
                "", tenant, None, b"", b"", None if erased and event.PERSONAL else event,
            )
            for position, event in enumerate(events, 1)
        ]  # fmt: skip

    def id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128))

    def conversation(self) -> Iterator[Event]:
        chance = self.chance
        at = BEGIN + timedelta(seconds=chance.uniform(0, 40 * 86_400))
        channel = chance.choice(("whatsapp", "http"))
        found = Conversation.start(self.id(), channel=channel, address="a", name=None, at=at)
        ratings: dict[UUID, Rating] = {}
        things: list[Any] = []
        self.suggested = []
        for _ in range(chance.randint(1, 25)):
            at += timedelta(seconds=chance.choice(GAPS) * chance.uniform(0.5, 1.5))
            what = chance.choices(
                ("says", "answer", "begin", "fail", "person", "close", "rate", "buy", "cancel"),
                (9, 9, 1, 1, 1, 1, 5, 2, 1),
            )[0]
            last = found.state.last_interaction
            if what == "says":
                found.receive(message=str(self.id()), text="?", interaction=self.id(), at=at, sender="s")
            elif what == "answer" and found.pending_for_agent is not None:
                self.answer(found, at)
            elif what == "begin" and found.pending_for_agent is not None:
                found.disclose("a machine", at)
                found.begin_answer(at, heard=chance.random() < 0.5)
            elif what == "fail" and found.pending is not None:
                self.meter(found, found.pending.interaction, None, at)
            elif what == "person" and found.state.open:
                found.claim("eve", at)
                if chance.random() < 0.7:
                    found.reply("eve", "Hello.", at)
                if chance.random() < 0.7:
                    found.release("eve", at)
            elif what == "close":
                found.close(None, at)
            elif what == "rate" and last is not None:
                rating = ratings.setdefault(last, Rating.begin(last, found.id, at))
                rating.rate(chance.random() < 0.7, chance.choice(SOURCES), at)
                yield from rating.collect_events()  # type: ignore[misc]  # the library's word for our events
            elif what == "buy":
                things.append(self.bought(found.id, at))
                yield from things[-1].collect_events()
            elif what == "cancel" and things:
                chance.choice(things).cancel(at)
            for thing in things:
                yield from thing.collect_events()
            yield from found.collect_events()  # type: ignore[misc]
        if chance.random() < 0.2:
            found.forget(at)
            yield from found.collect_events()  # type: ignore[misc]

    def answer(self, found: Conversation, at: datetime) -> None:
        burst = found.pending_for_agent
        assert burst is not None
        found.disclose("a machine", at)
        outcome = self.suggesting(self.chance.choice(OUTCOMES))
        self.meter(found, burst.interaction, outcome, at)
        self.suggested.append(burst.interaction)
        found.answer(
            text="yes", citations=(), template="t", confidence=1.0, configuration_version=0, latency_ms=1.0,
            at=at + timedelta(microseconds=self.chance.choice((0, 1))),
        )  # fmt: skip
        if outcome is not None and outcome.kind == "hand_over":
            found.hand_over(outcome.category or "x", (), at)
        elif self.chance.random() < 0.3:
            found.ask_rating(burst.interaction, "token", ENGLISH, at)

    def suggesting(self, outcome: Outcome | None) -> Outcome | None:
        """With what else is suggested, and what the customer did about what was before."""
        if outcome is None or self.chance.random() < 0.5:
            return outcome
        offers = self.chance.sample(OFFERS, 2)
        suggested = tuple(Pairing(offer=each, to=UUID(int=90), reason="goes_with") for each in offers)
        kinds: tuple[ReactionKind, ...] = ("pressed", "asked", "declined")
        reactions = tuple(
            Reaction(interaction=before, offer=self.chance.choice(OFFERS), kind=self.chance.choice(kinds))
            for before in self.suggested[-3:]
            if self.chance.random() < 0.5
        )
        return replace(outcome, suggested=suggested, reactions=reactions)

    def meter(self, found: Conversation, interaction: UUID, outcome: Outcome | None, at: datetime) -> None:
        found.meter(interaction, routing=ROUTING, at=at, outcome=outcome, **self.figures(at))

    def call(self) -> Iterator[Event]:
        at = BEGIN + timedelta(seconds=self.chance.uniform(0, 40 * 86_400))
        made = Call.request(
            self.id(), model="p/m", messages=(), max_tokens=None, temperature=None, stop=(), options={},
            stream=False, user=None, at=at,
        )  # fmt: skip
        made.meter(routing=ROUTING, at=at, **self.figures(at))
        yield from made.collect_events()  # type: ignore[misc]
        if self.chance.random() < 0.3:
            rating = Rating.begin(made.id, made.id, at)
            rating.rate(self.chance.random() < 0.5, "api", at + timedelta(hours=self.chance.randint(0, 50)))
            yield from rating.collect_events()  # type: ignore[misc]

    def enrichment(self) -> Iterator[Event]:
        """A product that is looked up on the internet now and then."""
        at, chance = BEGIN + timedelta(seconds=self.chance.uniform(0, 40 * 86_400)), self.chance
        found = Enrichment.begin(self.id(), at)
        for _ in range(chance.randint(1, 4)):
            found.want("garmin", at)
            fact = WebFact(text="It runs for 168 hours.", site="garmin.example", url="https://garmin.example")
            outcome = chance.choice(("found", "nothing", "failed"))
            facts = (fact,) if outcome == "found" else ()
            found.search("garmin", outcome, facts=facts, attempts=(self.attempt(at),), at=at)
            at += timedelta(hours=chance.randint(1, 90))
        yield from found.collect_events()  # type: ignore[misc]

    def figures(self, at: datetime) -> dict[str, Any]:
        """What was tried, of whose arms, what was looked for."""
        chance = self.chance
        arms = tuple(
            Assignment(split=split, kind=kind, arm=chance.choice(("a", "b")), share=0.5)
            for split, kind in zip(SPLITS, ("experiment", "deployment"), strict=True)
            if chance.random() < 0.5
        )
        embeddings = (self.attempt(at, embedding=True),) if chance.random() < 0.3 else ()
        return {
            "attempts": tuple(self.attempt(at) for _ in range(chance.choice((0, 1, 1, 1, 2)))),
            "embeddings": embeddings,
            "variants": arms,
            "retrieval": self.retrieval() if chance.random() < 0.5 else None,
        }

    def attempt(self, at: datetime, *, embedding: bool = False) -> Attempt:
        chance = self.chance
        outcome, cached = chance.choice(ENDINGS), chance.random() < 0.2
        model = chance.choice(("m", "n"))
        return Attempt(
            kind="embedding" if embedding else "chat",
            provider=chance.choice(("p", "q")),
            model=model,
            served=chance.choice((model, f"{model}-2026-01-01", None)),
            outcome=outcome,
            started_at=at - timedelta(milliseconds=chance.randint(0, 900_000)),
            latency_ms=chance.uniform(0, 5000),
            usage=Usage(
                input=chance.randint(0, 500), cached=chance.randint(0, 50), written=chance.randint(0, 9),
                output=chance.randint(0, 99), reasoning=chance.randint(0, 9),
                source=chance.choice(("provider", "provider", "unknown", "estimate")),
            ),
            cost=Decimal(0) if cached else Decimal(chance.randint(0, 10**12)).scaleb(-14),
            price=chance.choice(("p/m@2026-01-01", None)),
            cached=cached,
        )  # fmt: skip

    def retrieval(self) -> RetrievalFigures:
        chance = self.chance
        found = [
            Passage(
                id=f"{n}", document=UUID(int=n), title="t", ordinal=0, score=chance.random(), text="x",
                source=("document", "knowledge", "shop")[n % 3],
            )
            for n in chance.sample(range(1, 6), chance.randrange(4))
        ]  # fmt: skip
        index = Lookup(source="index", outcome="found" if found else "nothing", found=len(found), ms=9.0)
        late = Lookup(source="elsewhere", outcome=chance.choice(("late", "failed")), ms=300)
        cited = {each.id for each in found if chance.random() < 0.3}
        return retrieval_figures(found, cited, (index, late), ms=chance.uniform(1, 400), least=0.3)

    def bought(self, conversation: UUID, at: datetime) -> Any:
        price, currency = Decimal(self.chance.randint(1, 9999)) / 100, self.chance.choice(("EUR", "USD"))
        if self.chance.random() < 0.5:
            line = OrderLine(product=self.chance.choice(OFFERS), name="boots", quantity=2, price=price)
            return Order.place(
                self.id(), conversation=conversation, lines=(line,), currency=currency, note=None, at=at
            )
        slot = Slot(day=at.date(), start=at, end=at + timedelta(hours=1))
        return Booking.make(
            self.id(), conversation=conversation, service=self.chance.choice(OFFERS), slot=slot, places=1, price=price,
            currency=currency, note=None, at=at,
        )  # fmt: skip
