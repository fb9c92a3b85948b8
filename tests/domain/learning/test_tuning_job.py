"""A fine-tuning job is submitted once, ends once, and costs what the vendor says, or what we know of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base.errors import Refused
from domain.learning.tuning_job import MOST_TRIES, TuningJob, TuningPlan, name_of, names_of
from domain.learning.tuning_schedule import next_month
from domain.learning.tuning_steps import CALLING, LONGEST, PATIENCE, SETTLED, SOONEST, Step, Wait, next_step
from tests.domain.given import NOW, when

PLAN = TuningPlan(provider="openai", model="gpt-4o-mini", training_set=uuid4())
LATER = NOW + SETTLED


def job(**more: Any) -> TuningJob:
    facts = {
        "examples": 80,
        "validation": 20,
        "tokens": 100_000,
        "price": Decimal(3),
        "estimate": Decimal("1.08"),
    }
    return TuningJob.request(uuid4(), PLAN, at=NOW, targets="t", **{**facts, **more})


def attempted() -> TuningJob:
    made = job()
    made.uploaded({"train": "f1"}, NOW)
    made.attempt(NOW)
    return made


def submitted() -> TuningJob:
    made = attempted()
    made.submitted(1, "v1", by="answer", at=NOW)
    return made


def topics(events: list[Any]) -> list[str]:
    return [event.TOPIC.partition(".")[2] for event in events]


def test_it_is_uploaded_submitted_polled_and_ends_with_a_model() -> None:
    made = job()
    assert next_step(made.state, NOW) == Step("upload")
    made.uploaded({"train": "f1"}, NOW)
    assert next_step(made.state, NOW) == Step("submit")
    assert made.attempt(NOW) == name_of(made.id, 1)
    assert next_step(made.state, NOW) == Wait(NOW + CALLING), "whoever made the attempt is at it"
    made.submitted(1, "v1", by="answer", at=NOW)
    assert next_step(made.state, NOW) == Step("poll")
    made.told("running", "running", NOW)
    assert topics(when(made, lambda: made.told("running", "running", NOW))) == []
    assert next_step(made.state, NOW, done=frozenset({"poll"})) == Wait(NOW + SOONEST)
    made.end("succeeded", tuned="ft:1", tokens=300_000, at=LATER)
    assert (made.state.status, made.state.cost, made.state.basis) == ("succeeded", Decimal("0.9"), "tokens")
    assert next_step(made.state, LATER) == Step("register")
    made.register("openai/ft:1", LATER)
    assert next_step(made.state, LATER) == Step("discard")
    made.discard(LATER)
    assert next_step(made.state, LATER) is None
    with pytest.raises(Refused, match="ended"):
        made.ask_cancel(LATER)


def test_an_attempt_without_an_outcome_is_looked_for_before_another_one_is_made() -> None:
    made = attempted()
    assert next_step(made.state, NOW + CALLING) == Step("doubt")
    made.doubt(1, "no outcome on record", NOW + CALLING)
    assert next_step(made.state, NOW + CALLING) == Step("look")
    looked = frozenset({"look"})
    waits = next_step(made.state, NOW + CALLING, done=looked)
    assert isinstance(waits, Wait)
    late = NOW + CALLING + SETTLED
    assert NOW + CALLING < waits.until <= late
    assert next_step(made.state, late) == Step("look"), "the list is seen late enough"
    assert next_step(made.state, late, done=looked) == Step("submit")
    assert made.attempt(LATER) == name_of(made.id, 2)
    made.submitted(2, "v2", by="answer", at=LATER)
    assert topics(when(made, lambda: made.submitted(1, "v1", by="list", at=LATER))) == ["duplicated"]
    assert topics(when(made, lambda: made.duplicate("v1", LATER))) == []


def test_somebody_at_it_keeps_others_from_submitting() -> None:
    made = attempted()
    with pytest.raises(Refused):
        made.attempt(NOW)
    made.submitted(1, "v1", by="answer", at=NOW)
    with pytest.raises(Refused):
        made.attempt(NOW)


def test_a_refusal_that_passes_is_tried_again_and_another_one_ends_it() -> None:
    made = attempted()
    made.refused(1, code="rate_limit_exceeded", passing=True, after=timedelta(seconds=90), at=NOW)
    assert next_step(made.state, NOW) == Wait(NOW + timedelta(seconds=90))
    for tries in range(MOST_TRIES):
        made.attempt(NOW)
        made.refused(made.state.attempt, code="429", passing=True, after=None, at=NOW)
        assert made.open is (tries < MOST_TRIES - 1)
    assert (made.state.status, made.state.code, made.state.cost) == ("failed", "429", 0)
    made = attempted()
    made.refused(1, code="invalid_training_file", passing=False, after=None, at=NOW)
    assert (made.state.status, made.state.code, made.state.basis) == (
        "failed",
        "invalid_training_file",
        "nothing",
    )


@pytest.mark.parametrize(
    ("outcome", "facts", "ran", "charged"),
    [
        ("succeeded", {"tuned": "m", "cost": Decimal("0.7"), "tokens": 5}, True, (Decimal("0.7"), "vendor")),
        ("succeeded", {"tuned": "m"}, True, (Decimal("1.08"), "estimate")),
        ("failed", {}, False, (Decimal(0), "nothing")),
        ("failed", {}, True, (Decimal("1.08"), "estimate")),
        ("cancelled", {"tokens": 1_000_000}, True, (Decimal(3), "tokens")),
        ("cancelled", {}, False, (Decimal(0), "nothing")),
        ("unknown", {}, False, (Decimal("1.08"), "estimate")),
    ],
)
def test_what_is_not_known_is_charged_by_our_estimate(
    outcome: Any, facts: dict[str, Any], ran: bool, charged: tuple[Decimal, str]
) -> None:
    made = submitted()
    if ran:
        made.told("running", "running", NOW)
    events = when(made, lambda: made.end(outcome, at=LATER, **facts))
    assert topics(events) == ["ended", "charged"]
    assert (made.state.cost, made.state.basis) == charged
    assert events[1].charge() == charged[0]


def test_a_state_that_nobody_knows_is_no_success_and_does_not_last_for_ever() -> None:
    made = submitted()
    made.told("unknown", "RESTING", NOW)
    assert made.state.status == "unknown"
    assert next_step(made.state, NOW) == Step("poll")
    assert next_step(made.state, NOW + LONGEST) == Step("expire")
    lost = submitted()
    lost.end("unknown", code="expired", at=NOW + LONGEST)
    assert (lost.open, next_step(lost.state, NOW + LONGEST)) == (False, Step("discard"))
    made.end("succeeded", at=LATER)
    assert (made.state.status, made.state.code) == ("failed", "no_model")


def test_what_no_vendor_takes_ends() -> None:
    assert next_step(job().state, NOW + PATIENCE) == Step("expire")
    made = attempted()
    made.doubt(1, "lost", NOW)
    assert next_step(made.state, NOW + LONGEST) == Step("expire")


def test_a_job_that_is_not_submitted_is_cancelled_here_and_one_of_unknown_fate_after_the_list_was_seen() -> (
    None
):
    made = job()
    made.ask_cancel(NOW)
    assert next_step(made.state, NOW) == Step("cancel")
    made = attempted()
    made.ask_cancel(NOW)
    made.doubt(1, "lost", NOW)
    assert next_step(made.state, LATER) == Step("look")
    assert next_step(made.state, LATER, done=frozenset({"look"})) == Step("cancel")


def test_it_is_ready_by_an_evaluation_and_rejected_by_one() -> None:
    made = submitted()
    evaluation = uuid4()
    with pytest.raises(Refused):
        made.begin_evaluation(evaluation, NOW)
    made.end("succeeded", tuned="m", at=LATER)
    made.register("openai/m", LATER)
    made.begin_evaluation(evaluation, LATER)
    made.evaluated(uuid4(), True, LATER)
    assert made.state.status == "evaluating"
    made.evaluated(evaluation, False, LATER)
    assert made.state.status == "rejected"
    other = uuid4()
    made.begin_evaluation(other, LATER)
    made.evaluated(other, True, LATER)
    assert made.state.status == "ready"
    with pytest.raises(Refused):
        made.begin_evaluation(evaluation, LATER)


@given(st.uuids(), st.integers(1, 99))
def test_names_of_attempts_are_taken_by_all_vendors(id: Any, attempts: int) -> None:
    names = names_of(id, attempts)
    assert len(names) == attempts
    assert all(len(name) == 36 and name.isalnum() and name == name.lower() for name in names)


def test_a_month_begins_on_its_first_day_also_after_december() -> None:
    assert next_month(NOW).isoformat() == "2026-12-01T03:00:00+00:00"
    assert next_month(NOW.replace(month=12)).isoformat() == "2027-01-01T03:00:00+00:00"
