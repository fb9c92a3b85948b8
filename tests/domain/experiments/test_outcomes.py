from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid4

from domain.answers.serving import Serving
from domain.answers.split import Arm, Assignment, Split
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.experiments.outcomes import Units
from domain.feedback.rating import Rating
from domain.flags.plan import Limits
from domain.flags.rollout import judge
from domain.gateway.decision import Routing
from domain.models.completion import Attempt
from tests.domain.given import NOW

SPLIT, TENANT, WINDOW = UUID(int=1), UUID(int=9), timedelta(seconds=60)
MUCH_LATER = NOW + timedelta(days=1)


class Told:
    """Events put on record one after the other, a second apart."""

    def __init__(self, **shares: float) -> None:
        self.units, self.position = Units(), 0
        arms = tuple(Arm(name=name, share=share) for name, share in shares.items())
        split = Split(id=SPLIT, kind="experiment", arms=arms, since=NOW, window=WINDOW.total_seconds())
        self.tell(Serving.Opened(split=split))

    def tell(self, event: Event, stream: UUID | None = None, *, at: int | None = None) -> None:
        self.position += 1
        when = NOW + timedelta(seconds=self.position if at is None else at)
        stream = stream or uuid4()
        self.units.fold(
            Recorded(self.position, TENANT, stream, 1, event.TOPIC, when, "a", stream, None, b"", b"", event)
        )

    def answer(self, stream: UUID, arm: str, share: float, *attempts: Attempt, at: int | None = None) -> None:
        assigned = (Assignment(split=SPLIT, kind="experiment", arm=arm, share=share),)
        self.tell(
            Conversation.Metered(
                interaction=uuid4(),
                routing=Routing(model="p/m", reason="r"),
                attempts=attempts,
                cost=Decimal("0.01"),
                variants=assigned,
            ),
            stream,
            at=at,
        )

    def call(self, arm: str, share: float, unit: UUID | None, stream: UUID) -> None:
        assigned = (Assignment(split=SPLIT, kind="experiment", arm=arm, share=share),)
        routing = Routing(model="p/m", reason="r")
        self.tell(
            Call.Metered(routing=routing, attempts=(), cost=Decimal(0), variants=assigned, unit=unit), stream
        )

    def rate(self, unit: UUID, helpful: bool, interaction: UUID, *, at: int | None = None) -> None:
        self.tell(
            Rating.Rated(interaction=interaction, conversation=unit, helpful=helpful, source="api"), at=at
        )


def test_the_first_arm_of_a_customer_holds_with_the_share_that_it_had() -> None:
    told = Told(current=0.9, candidate=0.1)
    one, other = uuid4(), uuid4()
    told.answer(one, "current", 0.9)
    told.answer(other, "candidate", 0.1)
    told.answer(one, "candidate", 0.5)  # the shares have changed, and so has what they get
    found = told.units.closed(SPLIT, new="candidate", beside="current", until=MUCH_LATER)
    assert [(each.new, each.share, each.answers) for each in found] == [(False, 0.1, 2), (True, 0.1, 1)]


def test_of_several_arms_each_is_compared_by_its_share_among_the_two() -> None:
    told = Told(control=0.5, a=0.3, b=0.2)
    for arm, share in (("control", 0.5), ("a", 0.3), ("b", 0.2)):
        told.answer(uuid4(), arm, share)
    a = told.units.closed(SPLIT, new="a", beside="control", until=MUCH_LATER)
    assert [(each.new, round(each.share, 3)) for each in a] == [(False, 0.375), (True, 0.375)]
    b = told.units.closed(SPLIT, new="b", beside="control", until=MUCH_LATER)
    assert [(each.new, round(each.share, 3)) for each in b] == [(False, 0.286), (True, 0.286)]


def test_what_comes_after_the_window_counts_no_more_and_those_that_are_open_hold_up_who_came_later() -> None:
    told = Told(a=0.5, b=0.5)
    one, other = uuid4(), uuid4()
    first, second = uuid4(), uuid4()
    told.answer(one, "a", 0.5, at=10)
    told.answer(other, "b", 0.5, at=20)
    told.rate(one, True, first, at=69)
    told.rate(one, False, first, at=70)
    told.rate(one, False, second, at=70)
    told.answer(one, "a", 0.5, at=71)
    told.rate(other, False, second, at=79)

    def until(at: int) -> list[tuple[int, int, int]]:
        found = told.units.closed(SPLIT, new="b", beside="a", until=NOW + timedelta(seconds=at))
        return [(each.answers, each.rated, each.helpful) for each in found]

    assert (until(69), until(70), until(79)) == ([], [(1, 1, 1)], [(1, 1, 1)])
    assert until(80) == [(1, 1, 1), (1, 1, 0)]


def test_the_customer_of_a_call_is_its_end_user_where_one_is_named() -> None:
    told = Told(a=0.5, b=0.5)
    user, alone = uuid4(), uuid4()
    told.call("a", 0.5, user, uuid4())
    told.call("a", 0.5, user, uuid4())
    told.call("b", 0.5, None, alone)
    told.rate(user, True, uuid4())
    told.rate(alone, False, uuid4())
    found = told.units.closed(SPLIT, new="b", beside="a", until=MUCH_LATER)
    assert [(each.answers, each.rated, each.helpful) for each in found] == [(2, 1, 1), (1, 1, 0)]


def test_a_rating_that_is_changed_counts_once() -> None:
    told, one, answer = Told(a=0.5, b=0.5), uuid4(), uuid4()
    told.rate(one, True, answer)  # nobody follows this customer yet
    told.answer(one, "a", 0.5)
    told.rate(one, False, answer)
    told.rate(one, True, answer)
    (only,) = told.units.closed(SPLIT, new="b", beside="a", until=MUCH_LATER)
    assert (only.rated, only.helpful) == (1, 1)


def test_a_candidate_that_hangs_until_its_callers_go_away_goes_back() -> None:
    told = Told(current=0.5, candidate=0.5)

    def attempt(outcome: Literal["ok", "cancelled"], ms: float) -> Attempt:
        return Attempt(provider="p", model="m", outcome=outcome, started_at=NOW, latency_ms=ms)

    for number in range(120):
        if number % 2:
            told.answer(uuid4(), "candidate", 0.5, attempt("cancelled", 20_000))
        else:
            told.answer(uuid4(), "current", 0.5, attempt("ok", 800))
    found = told.units.closed(SPLIT, new="candidate", beside="current", until=MUCH_LATER)
    assert len(found) == 120, "who is counted follows from chance alone, not from what came of them"
    assert {(each.new, each.failed, each.timed, each.latency_ms) for each in found} == {
        (True, 1, 1, 20_000),
        (False, 0, 1, 800),
    }
    judged = judge(Limits(), found, position=told.position, until=MUCH_LATER)
    assert judged.finding is not None
    assert judged.finding.metric == "failure_rate"
