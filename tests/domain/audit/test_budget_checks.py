from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.audit.invariants import Invariants
from domain.base.aggregate import NIL, Aggregate, Event
from domain.base.money import pico
from domain.base.recorded import Recorded
from domain.budgets.budget import Budget, BudgetLimits
from domain.budgets.reservation import Reservation
from domain.budgets.spending import changes_by
from domain.conversations.conversation import Conversation
from domain.experiments.shadow import Shadow
from domain.gateway.decision import Routing
from domain.learning.evaluation import Evaluation
from domain.models.completion import Attempt, Usage
from domain.replay.answer_replay import AnswerReplay
from domain.retrieval.embedding import Embedding
from tests.domain.examples import example
from tests.domain.given import NOW

TENANT = uuid4()
FITS = "no call is let through a budget that does not cover it"
ONCE = "every reservation ends once"
HELD = "every call is held until it ends"
USD = Decimal("0.01")


class Log:
    """Events of several aggregates in the order in which they are written. `minute` is the time."""

    def __init__(self) -> None:
        self.rows: list[Recorded] = []
        self.minute = 0
        self.budget = Budget.begin(TENANT, NOW)
        self.conversation = Conversation.start(uuid4(), channel="http", address="a", name=None, at=NOW)
        self.write(self.budget, self.conversation)

    @property
    def now(self) -> datetime:
        return NOW + timedelta(minutes=self.minute)

    def write(self, *aggregates: Aggregate[Any]) -> None:
        for aggregate in aggregates:
            for event in aggregate.collect_events():
                assert isinstance(event, Event)
                self.add(event, aggregate.id)

    def add(self, event: Event, stream: UUID) -> None:
        position, version = len(self.rows) + 1, event.originator_version
        row = (position, TENANT, stream, version, event.TOPIC, event.timestamp, "a", TENANT, None, b"", b"")
        self.rows.append(Recorded(*row, event))

    def limit(self, **limits: Decimal | None) -> None:
        self.budget.set(BudgetLimits(**limits), self.now)
        self.write(self.budget)

    def reserve(self, cents: int, interaction: UUID, **changes: Any) -> Reservation:
        limits = changes.pop("limits", self.budget.state.limits)
        facts = {
            "day_limit": limits.day,
            "month_limit": limits.month,
            "budget": self.budget.version,
            **changes,
        }
        made = Reservation.make(
            uuid4(),
            interaction=interaction,
            model="p/m",
            amount=pico(cents * USD),
            expires_at=self.now + timedelta(minutes=2),
            at=self.now,
            **facts,
        )
        self.write(made)
        return made

    def meter(
        self,
        cents: int,
        interaction: UUID,
        began: datetime | None = None,
        reservations: tuple[UUID, ...] = (),
    ) -> None:
        attempt = Attempt(
            provider="p",
            model="m",
            outcome="ok",
            started_at=began or self.now,
            latency_ms=1,
            usage=Usage(input=1),
            cost=cents * USD,
        )
        self.conversation.meter(
            interaction,
            routing=Routing(model="p/m", reason="r"),
            attempts=(attempt,),
            reservations=reservations,
            at=self.now,
        )
        self.write(self.conversation)

    def broken(self) -> list[tuple[int, str]]:
        invariants = Invariants()
        invariants.fold(self.rows)
        return [(each.position, each.invariant) for each in invariants.violations]


def call(log: Log, held: int, cost: int) -> None:
    interaction = uuid4()
    made = log.reserve(held, interaction)
    log.meter(cost, interaction)
    made.settle(log.now)
    log.write(made)


def test_calls_that_the_budget_covers_break_nothing_also_when_they_cost_more_than_was_held() -> None:
    log = Log()
    log.limit(day=Decimal(1))
    for cost in (30, 10, 40, 30):
        call(log, 20, cost)
    assert log.broken() == []
    assert sum((changes_by(row.event) for row in log.rows), Counter()) == {
        "day:2026-11-21": pico(Decimal("1.1")),
        "month:2026-11": pico(Decimal("1.1")),
    }


def test_a_reservation_beyond_the_limit_breaks_it() -> None:
    log = Log()
    log.limit(month=Decimal(1))
    call(log, 60, 60)
    log.reserve(41, uuid4())
    assert log.broken() == [(len(log.rows), FITS)]


def test_what_was_spent_before_there_was_a_budget_counts() -> None:
    log = Log()
    log.meter(60, uuid4())
    log.limit(day=Decimal(1))
    log.reserve(41, uuid4())
    assert log.broken() == [(len(log.rows), FITS)]


def test_a_reservation_against_limits_that_were_never_in_force_breaks_it() -> None:
    for changes in ({"limits": BudgetLimits(day=Decimal(9))}, {"budget": 1}):
        log = Log()
        log.limit(day=Decimal(1))
        log.reserve(1, uuid4(), **changes)
        assert log.broken() == [(len(log.rows), FITS)]


@pytest.mark.parametrize(("minutes", "breaks"), [(0, False), (2, True)])
def test_a_reservation_may_go_by_limits_that_were_replaced_a_moment_ago(minutes: int, breaks: bool) -> None:
    log = Log()
    log.limit(day=Decimal(1))
    old, version = log.budget.state.limits, log.budget.version
    log.limit(day=Decimal("0.10"))
    log.minute += minutes
    log.reserve(20, uuid4(), limits=old, budget=version)
    assert log.broken() == ([(len(log.rows), FITS)] if breaks else [])


def test_a_call_without_a_reservation_breaks_it_once_the_budget_is_used_up() -> None:
    log = Log()
    log.limit(day=Decimal(1))
    log.meter(100, uuid4())
    log.meter(1, uuid4())  # it began before
    log.minute = 5
    log.meter(1, uuid4(), began=NOW)
    assert log.broken() == []
    log.meter(1, uuid4())
    assert log.broken() == [(len(log.rows), FITS), (len(log.rows), HELD)]


@pytest.mark.parametrize(("used", "breaks"), [(True, False), (False, True)])
def test_a_call_that_has_used_what_was_reserved_ahead_is_covered_by_it(used: bool, breaks: bool) -> None:
    log, interaction = Log(), uuid4()
    log.limit(day=Decimal(1))
    spare = log.reserve(20, NIL)
    log.meter(100, uuid4())
    log.minute = 5
    spare.settle(log.now, interaction if used else None)
    log.write(spare)
    log.meter(1, interaction)
    assert log.broken() == ([(len(log.rows), FITS), (len(log.rows), HELD)] if breaks else [])


def test_a_call_that_names_what_was_held_for_it_is_covered_by_it() -> None:
    log = Log()
    log.limit(day=Decimal(1))
    kept = log.reserve(20, NIL)
    log.meter(100, uuid4())
    log.minute = 5
    for _ in range(2):
        log.meter(1, uuid4(), reservations=(kept.id,))
    assert log.broken() == []
    log.meter(1, uuid4(), reservations=(kept.id, uuid4()))
    assert log.broken() == [(len(log.rows), FITS)]


def test_a_free_call_or_one_of_another_day_may_go_on_when_the_budget_is_used_up() -> None:
    log = Log()
    log.limit(day=Decimal(1))
    log.meter(100, uuid4())
    log.minute = 5
    log.meter(0, uuid4())
    log.minute = 24 * 60
    call(log, 50, 50)
    assert log.broken() == []


def test_a_call_that_begins_without_a_reservation_long_after_a_limit_was_set_breaks_it() -> None:
    log = Log()
    log.minute = 5
    log.limit(day=Decimal(1))
    log.limit(day=Decimal(2))
    for minute, cents, began, breaks in (
        (6, 1, None, False),  # its process may not have known
        (9, 1, NOW, False),
        (9, 0, None, False),
        (9, 1, None, True),
    ):
        log.minute = minute
        log.meter(cents, uuid4(), began=began)
        assert log.broken() == ([(len(log.rows), HELD)] if breaks else [])


def test_a_call_that_ends_after_its_reservation_has_expired_breaks_it() -> None:
    log, interaction = Log(), uuid4()
    log.limit(day=Decimal(1))
    lived, died = log.reserve(20, interaction), log.reserve(20, interaction)
    log.minute = 1
    lived.extend(log.now + timedelta(minutes=2), log.now)
    log.write(lived)
    log.minute = 2
    died.expire(log.now)
    log.write(died)
    log.meter(1, interaction, reservations=(lived.id,))
    assert log.broken() == []
    log.meter(1, interaction, reservations=(lived.id, died.id))
    assert log.broken() == [(len(log.rows), HELD)]


def test_what_is_retained_after_a_call_is_given_back_when_it_expires() -> None:
    log, interaction = Log(), uuid4()
    log.limit(day=Decimal(1))
    made = log.reserve(20, interaction)
    made.retain(pico(12 * USD), log.now + timedelta(minutes=2), log.now, interaction)
    log.write(made)
    log.meter(8, interaction)
    sums = sum((changes_by(row.event) for row in log.rows), Counter())
    assert (sums["day:2026-11-21"], sums["reserved:2026-11-21"]) == (pico(20 * USD), pico(12 * USD))
    log.minute = 2
    made.expire(log.now)
    log.write(made)
    sums = sum((changes_by(row.event) for row in log.rows), Counter())
    assert (sums["day:2026-11-21"], sums["reserved:2026-11-21"]) == (pico(8 * USD), 0)
    assert log.broken() == []
    log.meter(1, interaction, reservations=(made.id,))  # it has waited, and gone on with what it got then
    assert log.broken() == []


def test_a_reservation_that_goes_on_after_its_end_or_retains_what_it_has_not_breaks_it() -> None:
    log, interaction = Log(), uuid4()
    log.limit(day=Decimal(1))
    made, other = log.reserve(20, interaction), log.reserve(10, interaction)
    made.retain(pico(12 * USD), log.now, log.now, interaction)
    made.extend(log.now, log.now)
    retained, extended = made.collect_events()
    assert isinstance(retained, Event)
    assert isinstance(extended, Event)
    log.add(retained, made.id)
    log.add(extended, made.id)
    assert log.broken() == []
    log.add(retained, other.id)
    assert log.broken() == [(len(log.rows), ONCE)]
    other.settle(log.now)
    log.write(other)
    log.add(extended, other.id)
    assert log.broken()[1:] == [(len(log.rows), ONCE)]


def test_a_reservation_that_ends_twice_or_gives_back_something_else_breaks_it() -> None:
    log = Log()
    log.limit(day=Decimal(1))
    made = log.reserve(20, uuid4())
    made.settle(log.now)
    log.write(made)
    assert log.broken() == []
    ending = log.rows[-1].event
    assert ending is not None
    log.add(ending, made.id)
    assert log.broken() == [(len(log.rows), ONCE)]
    other = log.reserve(30, uuid4())
    log.add(ending, other.id)
    assert log.broken()[1:] == [(len(log.rows), ONCE)]


def test_an_embedding_of_the_built_in_model_needs_no_reservation_though_it_has_a_price() -> None:
    log = Log()
    log.limit(day=Decimal(1))
    log.minute = 5
    paid = Attempt(
        kind="embedding",
        provider="local",
        model="m",
        outcome="ok",
        started_at=log.now,
        latency_ms=1,
        usage=Usage(input=1),
        cost=USD,
    )
    log.write(Embedding.meter(uuid4(), "question", (paid,), log.now))
    assert log.broken() == []


@pytest.mark.parametrize(
    ("kind", "more", "breaks"),
    [
        (Evaluation.TrialInterrupted, {}, False),
        (AnswerReplay.TrialInterrupted, {}, False),
        (Shadow.Metered, {"lost": True}, False),
        (Shadow.Metered, {"lost": False}, True),
        (AnswerReplay.Metered, {}, True),
    ],
)
def test_of_calls_whose_process_ended_nobody_knows_what_was_held(
    kind: type[Event], more: dict[str, Any], breaks: bool
) -> None:
    log = Log()
    log.limit(day=USD)
    log.minute = 5
    late = Attempt(
        provider="p", model="m", outcome="cancelled", started_at=log.now, latency_ms=0, cost=2 * USD
    )
    event = example(kind, full=False)
    facts = {"attempts": (late,), "cost": late.cost, "timestamp": log.now, **more}
    log.add(msgspec.structs.replace(event, **facts), uuid4())
    log.minute = 10
    later = msgspec.structs.replace(late, started_at=log.now)
    facts = {"attempts": (later,), "cost": later.cost, "timestamp": log.now, **more}
    log.add(msgspec.structs.replace(event, interaction=uuid4(), **facts), uuid4())
    assert {invariant for _, invariant in log.broken()} == ({HELD, FITS} if breaks else set())


@pytest.mark.parametrize(("provider", "broken"), [("local", False), ("openai", True)])
def test_an_embedding_at_a_provider_is_held_too_when_there_is_a_limit(provider: str, broken: bool) -> None:
    log = Log()
    log.limit(day=Decimal(1))
    for held in (True, False):
        log.minute += 5
        id = uuid4()
        attempt = Attempt(
            kind="embedding",
            provider=provider,
            model="m",
            outcome="ok",
            started_at=log.now,
            latency_ms=1,
            usage=Usage(input=1),
            cost=USD,
        )
        made = log.reserve(1, id) if held else None
        log.write(Embedding.meter(id, "document", [attempt], log.now))
        if made is not None:
            made.settle(log.now)
            log.write(made)
    assert log.broken() == ([(len(log.rows), HELD)] if broken else [])
