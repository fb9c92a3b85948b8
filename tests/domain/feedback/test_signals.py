"""Signals of an answer are what came after it; the score is what the documented formula says."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.answers import Outcome
from domain.conversations.conversation import Conversation
from domain.feedback.following import FOLLOWED, Following, follow
from domain.feedback.signals import VERSION, Signals, score, totals
from domain.gateway.decision import Routing
from tests.domain.given import NOW

DOCS = Path(__file__).parents[3] / "docs" / "feedback.md"
PERSON = Outcome(kind="hand_over", category="person")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def made(**facts: object) -> Signals:
    return Signals(interaction=UUID(int=1), conversation=UUID(int=2), answered_at=NOW, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        ({"response_ms": 900}, 0.50),
        ({"response_ms": 900, "continued": True}, 0.65),
        ({"response_ms": 900, "completed": True}, 0.85),
        ({"response_ms": 900, "continued": True, "completed": True}, 1.0),
        ({"response_ms": 900, "requested": True}, 0.20),
        ({"response_ms": 900, "asked_back": True}, 0.40),
        ({"response_ms": 900, "asked_back": True, "came_back": True}, 0.50),
        ({"response_ms": 65_000}, 0.45),
        ({"response_ms": 500_000, "requested": True, "asked_back": True}, 0.0),
    ],
)
def test_the_score_is_what_the_formula_says(signals: dict[str, object], expected: float) -> None:
    assert score(made(**signals), at(3600)) == expected


def test_the_formula_and_its_version_stand_in_the_docs() -> None:
    text = DOCS.read_text()
    assert f"version {VERSION}" in text
    for weight in ("0.50", "0.15", "0.35", "0.30", "0.10"):
        assert weight in text


def test_a_score_is_from_0_to_1_and_that_of_many_is_their_mean() -> None:
    names = ("continued", "completed", "requested", "asked_back", "came_back")
    every = [
        made(response_ms=slow, **dict(zip(names, values, strict=True)))
        for values in product((False, True), repeat=len(names))
        for slow in (0, 30_000, 10**9)
    ]
    scores = [score(each, at(3600)) for each in every]
    assert 0.0 == min(scores) < max(scores) == 1.0
    assert totals(every, at(3600)).score == pytest.approx(sum(scores) / len(scores))
    assert totals([], NOW).score is None


def test_nobody_has_left_before_the_time_is_over() -> None:
    asked = made(response_ms=0, asked_back=True)
    assert (score(asked, at(1800)), score(asked, at(1801))) == (0.5, 0.4)


class Followed:
    """A conversation, and what is made of its events as they come."""

    def __init__(self) -> None:
        self.conversation = Conversation.start(uuid4(), channel="http", address="a", name=None, at=NOW)
        self.where = Following(conversation=self.conversation.id)
        self.answers: dict[UUID, Signals] = {}

    def says(self, seconds: float) -> UUID:
        found = self.conversation.receive(message=str(uuid4()), text="?", interaction=uuid4(), at=at(seconds))
        self._fold()
        return found

    def answer(self, seconds: float, outcome: Outcome | None = None) -> Signals:
        conversation, when = self.conversation, at(seconds)
        burst = conversation.pending
        assert burst is not None
        routing = Routing(model="p/m", reason="r")
        conversation.meter(
            burst.interaction, routing=routing, attempts=(), outcome=outcome or Outcome(), at=when
        )
        conversation.disclose("a machine", when)
        conversation.answer(
            text="yes",
            citations=(),
            template="t",
            confidence=1.0,
            configuration_version=0,
            latency_ms=1.0,
            at=when,
        )
        self._fold()
        return self.answers[burst.interaction]

    def reply(self, seconds: float) -> None:
        self.conversation.claim("eve", at(seconds))
        self.conversation.reply("eve", "Hello.", at(seconds))
        self.conversation.release("eve", at(seconds))
        self._fold()

    def _fold(self) -> None:
        topics = {event.TOPIC for event in FOLLOWED}
        events: list[Event] = list(self.conversation.collect_events())  # type: ignore[arg-type]
        for event in events:
            if event.TOPIC in topics:
                follow(recorded(event, self.conversation.id), self.where, self.answers)


def recorded(event: Event, stream: UUID) -> Recorded:
    """As it is once it was erased, where that can be."""
    left = None if event.PERSONAL else event
    return Recorded(
        1,
        UUID(int=9),
        stream,
        event.originator_version,
        event.TOPIC,
        event.timestamp,
        "",
        stream,
        None,
        b"",
        b"",
        left,
    )


def test_a_message_within_five_minutes_goes_on_with_the_answer_before_it() -> None:
    talk = Followed()
    talk.says(0)
    first = talk.answer(7)
    assert (first.response_ms, first.continued) == (7000, False)
    talk.says(7 + 300)
    assert (first.continued, first.came_back) == (True, True)
    second = talk.answer(310)
    talk.says(310 + 301)
    assert (second.continued, second.came_back) == (False, True)
    third = talk.answer(620)
    talk.says(620 + 1801)
    assert not third.came_back


def test_what_came_before_the_answer_was_there_is_no_reaction_to_it() -> None:
    talk = Followed()
    talk.says(0)
    talk.conversation.disclose("a machine", at(1))
    talk.conversation.begin_answer(at(1), heard=False)
    talk._fold()
    talk.says(3)
    first, second = talk.answer(10), talk.answer(12)
    assert (first.response_ms, first.continued) == (10_000, False)
    assert second.response_ms == 9000
    talk.says(20)
    assert (first.continued, second.continued) == (False, True)


def test_a_wish_for_a_person_is_counted_once_with_the_answer_that_led_to_it() -> None:
    talk = Followed()
    talk.says(0)
    first = talk.answer(5)
    talk.says(60)
    second = talk.answer(65, PERSON)
    assert (first.requested, second.requested) == (True, False)
    talk.says(65 + 1801)
    assert talk.answer(1870, PERSON).requested, "nothing led to it"
    assert not second.requested


def test_a_persons_reply_ends_what_an_answer_may_have_led_to() -> None:
    talk = Followed()
    talk.says(0)
    first = talk.answer(5)
    talk.says(400)
    talk.reply(420)
    talk.says(425)
    assert not first.continued
    assert talk.answer(430, PERSON).requested
    assert not first.requested
