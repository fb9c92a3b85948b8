from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.audit.invariants import Invariants, every_sum_of_costs_is_exact
from domain.base.aggregate import Event, events_of
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.gateway.decision import Routing
from domain.kinds import KINDS
from domain.models.completion import Citation
from domain.models.metering import calls_of
from domain.models.pricing import total
from domain.retrieval.passages import Retrieved
from tests.domain.conversations.tries import attempt
from tests.domain.examples import example
from tests.domain.given import NOW

TENANT, DOCUMENT = uuid4(), uuid4()


def exchange(found: Conversation, message: str, **changes: Any) -> None:
    found.receive(message=message, text="q", interaction=uuid4(), at=NOW)
    passage = Retrieved(
        passage="p", document=DOCUMENT, title="t", ordinal=0, page=1, section=None, score=1, rank=1
    )
    found.ask(retrieved=(passage,), prompt=(), at=NOW)
    found.meter(uuid4(), routing=Routing(model="p/m", reason="r"), attempts=(attempt(),), at=NOW)
    found.disclose("a machine", NOW)
    found.answer(
        text="a",
        citations=(Citation(marker=1, passage="p", document=DOCUMENT, title="t"),),
        template="t",
        confidence=1,
        configuration_version=1,
        latency_ms=1,
        at=NOW,
    )


def log() -> list[Event]:
    found = Conversation.start(uuid4(), channel="http", address="anna", name=None, at=NOW)
    exchange(found, "m1")
    found.close(None, NOW)
    exchange(found, "m2")
    found.forget(NOW)
    return list(found.collect_events())  # type: ignore[arg-type]  # the library's word for our events


def broken(events: Sequence[Event | None], stream: UUID = DOCUMENT) -> list[tuple[int, str]]:
    """(position, invariant) of what does not hold."""
    rows = [
        Recorded(n, TENANT, stream, n, type(e).__name__, NOW, "a", TENANT, None, b"", b"", e)
        for n, e in enumerate(events, 1)
    ]
    invariants = Invariants()
    invariants.fold(rows)
    assert invariants.prefixes == len(events)
    return [(v.position, v.invariant) for v in invariants.violations]


def places(events: Sequence[Event], kind: type[Event]) -> list[int]:
    return [place for place, event in enumerate(events) if isinstance(event, kind)]


def test_what_the_domain_writes_holds_over_every_prefix() -> None:
    assert broken(log()) == []


@pytest.mark.parametrize(
    ("removed", "invariant"),
    [
        (Conversation.MessageReceived, "every message is answered once replied to or pending"),
        (Conversation.Disclosed, "nobody is answered who was not told that a machine answers"),
        (Conversation.Prompted, "every citation was in the prompt"),
        (Conversation.Reopened, "a closed conversation is opened before it goes on"),
    ],
)
def test_a_log_that_lacks_an_event_is_broken_where_it_shows(removed: type[Event], invariant: str) -> None:
    events = log()
    del events[places(events, removed)[0]]
    assert invariant in {name for _, name in broken(events)}


def test_a_message_or_an_answer_that_comes_twice_is_broken() -> None:
    events = log()
    for kind in (Conversation.MessageReceived, Conversation.Answered):
        place = places(events, kind)[0]
        twice = [*events[: place + 1], events[place], *events[place + 1 :]]
        assert (place + 2, "every message is answered once replied to or pending") in broken(twice)


def test_an_answer_that_was_begun_is_to_the_messages_before_it() -> None:
    events = log()
    place = places(events, Conversation.MessageReceived)[0]
    received, answered = events[place], events[places(events, Conversation.Answered)[0]]
    assert isinstance(received, Conversation.MessageReceived)
    assert isinstance(answered, Conversation.Answered)
    begun = Conversation.AnswerBegun(interaction=answered.interaction)
    newer = msgspec.structs.replace(received, message="newer")
    name = "every message is answered once replied to or pending"
    assert broken([*events[: place + 1], begun, newer, *events[place + 1 :]]) == [
        (places(events, Conversation.Answered)[1] + 3, name)
    ], "the first answer is right, the second lacks the newer message"
    early = [*events[: place + 1], newer, begun, *events[place + 1 :]]
    assert (places(events, Conversation.Answered)[0] + 3, name) in broken(early)
    other = Conversation.AnswerBegun(interaction=uuid4())
    assert (place + 3, name) in broken([*events[: place + 1], begun, other, *events[place + 1 :]])
    strange = [*events[: place + 1], other, *events[place + 1 :]]
    assert (places(events, Conversation.Answered)[0] + 2, name) in broken(strange)


def test_what_follows_an_erasure_is_broken() -> None:
    events = log()
    assert broken([*events, events[0]]) == [(len(events) + 1, "nothing follows an erasure")]


def test_an_erased_conversation_proves_nothing_and_accuses_nobody() -> None:
    kept = (Conversation.Metered, Conversation.Forgotten)
    assert broken([event if isinstance(event, kept) else None for event in log()]) == []


def handed() -> list[Event]:
    """A conversation that the agent hands over, an operator answers and gives back, and that expires the second time."""
    found = Conversation.start(uuid4(), channel="http", address="anna", name=None, at=NOW)
    exchange(found, "m1")
    found.hand_over("person", (), NOW)
    found.receive(message="m2", text="hello?", interaction=uuid4(), at=NOW)
    found.claim("Bea", NOW)
    found.reply("Bea", "here", NOW)
    found.release("Bea", NOW)
    exchange(found, "m3")
    found.hand_over("person", (), NOW)
    found.expire(NOW)
    found.say("nobody came", "handoff_expired", NOW)
    exchange(found, "m4")
    return list(found.collect_events())  # type: ignore[arg-type]  # the library's word for our events


SILENT = "the agent is silent while a person is to answer"
ONE = "one operator at a time has a conversation"
ANSWERED = "every message is answered once replied to or pending"


def test_what_people_answer_holds_over_every_prefix() -> None:
    assert broken(handed()) == []


@pytest.mark.parametrize(
    ("removed", "invariant"),
    [
        (Conversation.Released, SILENT),
        (Conversation.HandoffExpired, SILENT),
        (Conversation.Claimed, ONE),
        (Conversation.Replied, ANSWERED),
    ],
)
def test_a_log_that_lacks_what_a_person_did_is_broken_where_it_shows(
    removed: type[Event], invariant: str
) -> None:
    events = handed()
    del events[places(events, removed)[0]]
    assert invariant in {name for _, name in broken(events)}


def test_a_second_claim_and_a_strangers_reply_are_broken() -> None:
    events = handed()
    claim, reply = places(events, Conversation.Claimed)[0], places(events, Conversation.Replied)[0]
    stranger = msgspec.structs.replace(events[claim], operator="Carl")
    assert (claim + 2, ONE) in broken([*events[: claim + 1], stranger, *events[claim + 1 :]])
    events[reply] = msgspec.structs.replace(events[reply], operator="Carl")
    assert (reply + 1, ONE) in broken(events)
    twice = [*events[: reply + 1], events[reply], *events[reply + 1 :]]
    assert (reply + 2, ANSWERED) in broken(twice)


def test_what_the_customer_was_getting_when_a_person_came_may_end_and_nothing_more() -> None:
    events = handed()
    answered = places(events, Conversation.Answered)[1]
    event = events[answered]
    assert isinstance(event, Conversation.Answered)
    begun = Conversation.AnswerBegun(interaction=event.interaction)
    claim = Conversation.Claimed(operator="Bea")
    before, after = events[:answered], events[answered:]
    assert SILENT not in {name for _, name in broken([*before, begun, claim, *after])}
    assert (answered + 2, SILENT) in broken([*before, claim, *after])
    unheard = Conversation.AnswerBegun(interaction=event.interaction, heard=False)
    assert (answered + 3, SILENT) in broken([*before, unheard, claim, *after])
    assert (answered + 2, SILENT) in broken([*before, claim, begun, *after])


METERED = [
    event
    for kind in KINDS
    for event in events_of(kind).values()
    if event.METERS and event.charge is Event.charge
]


@pytest.mark.parametrize("kind", METERED, ids=lambda kind: kind.TOPIC)
def test_the_cost_of_whatever_is_metered_is_the_sum_of_its_calls(kind: type[Event]) -> None:
    event = example(kind, full=True)
    right = msgspec.structs.replace(event, cost=total(calls_of(event)))
    wrong = msgspec.structs.replace(event, cost=right.cost + Decimal("0.000000000001"))  # type: ignore[attr-defined]  # each has one
    check = every_sum_of_costs_is_exact()

    def recorded(of: Event) -> Recorded:
        return Recorded(1, TENANT, DOCUMENT, 1, kind.TOPIC, NOW, "a", TENANT, None, b"", b"", of)

    assert check(recorded(right)) is None
    assert (check(recorded(wrong)) or "").endswith("is not the sum of its attempts")
