"""A call's life: what may follow what, and that nothing is tried twice that may not be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.actions.call import ActionCall, call_of
from domain.base.errors import Conflict, Refused

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
INTERACTION = uuid4()


def requested(**more: Any) -> ActionCall:
    facts: dict[str, Any] = {
        "conversation": uuid4(),
        "interaction": INTERACTION,
        "number": 0,
        "action": "refund",
        "declared": 2,
        "effect": "write",
        "consent": "none",
        "repeatable": False,
        "counts_as": None,
        "by": "model",
        "arguments": '{"order":"A-1"}',
        "minutes": 30,
    }
    return ActionCall.request(**{**facts, **more}, at=NOW)


def tried(**more: Any) -> ActionCall:
    call = requested(**more)
    call.attempt(NOW)
    return call


def topics(call: ActionCall) -> list[str]:
    return [event.TOPIC.partition(".")[2] for event in call.pending_events]  # type: ignore[attr-defined]


def test_its_key_follows_from_the_interaction_and_the_number() -> None:
    assert requested().id == call_of(INTERACTION, 0) == requested(arguments="{}").id
    assert requested(number=1).id != requested().id


def test_what_needs_no_consent_is_tried_and_completed_once() -> None:
    call = tried()
    call.complete('{"ok":true}', NOW, latency_ms=3.0)
    call.complete('{"ok":true}', NOW)
    assert topics(call) == ["requested", "attempted", "completed"]
    with pytest.raises(Conflict, match="it is done"):
        call.attempt(NOW)


def test_a_write_that_may_have_been_done_is_not_tried_again() -> None:
    call = tried()
    with pytest.raises(Refused, match="not tried again"):
        call.attempt(NOW)
    call.lose("no answer", NOW)
    assert (call.state.status, call.state.reason) == ("unknown", "no answer")
    with pytest.raises(Conflict):
        call.attempt(NOW)


def test_what_may_be_repeated_is_tried_again_under_the_same_key() -> None:
    call = tried(repeatable=True)
    call.attempt(NOW)
    assert (call.state.attempts, call.state.status) == (2, "attempted")


def test_a_late_answer_counts_more_than_that_nobody_knew() -> None:
    call = tried()
    call.lose("no answer", NOW)
    call.complete(None, NOW)
    assert call.state.status == "done"


@pytest.mark.parametrize(("consent", "operator"), [("customer", None), ("operator", uuid4())])
def test_it_waits_for_whoever_is_to_consent(consent: str, operator: UUID | None) -> None:
    call = requested(consent=consent)
    with pytest.raises(Conflict, match="it is waiting"):
        call.attempt(NOW)
    with pytest.raises(Refused, match=f"for the {consent}"):
        call.consent(NOW, operator=uuid4() if operator is None else None)
    call.consent(NOW, operator=operator)
    call.attempt(NOW)
    assert call.state.status == "attempted"


def test_the_customers_consent_comes_in_time_or_not_at_all() -> None:
    call = requested(consent="customer")
    with pytest.raises(Refused, match="too late"):
        call.consent(NOW + timedelta(minutes=31))
    call.decline("time", NOW)
    call.decline("customer", NOW)
    assert (topics(call), call.state.reason) == (["requested", "declined"], "time")


def test_what_was_tried_can_not_be_declined() -> None:
    with pytest.raises(Conflict, match="it is attempted"):
        tried().decline("operator", NOW)


def test_the_customers_words_are_lent_and_go_with_them() -> None:
    call = tried()
    call.complete('{"paid":"12"}', NOW)
    first, _, last = call.pending_events
    for event, name in ((first, "arguments"), (last, "result")):
        bare, lent = event.detach()  # type: ignore[attr-defined]
        assert getattr(bare, name) is None
        assert [quote.subject for quote in lent] == [call.state.conversation]
        assert bare.attach(lent) == event
        assert getattr(bare.attach(()), name) is None
