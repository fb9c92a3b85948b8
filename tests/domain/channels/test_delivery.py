from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.base.aggregate import Event
from domain.base.errors import Erased, Refused
from domain.channels.delivery import KEPT, Delivery, delivery_of, name_of, named
from domain.channels.next_step import GiveUp, Send, Wait, next_step
from domain.channels.outgoing import Outgoing, Taken
from domain.channels.statuses import LONGEST_PAUSE, OPEN, TRYING, Status
from tests.domain.given import NOW, when

CONVERSATION = UUID(int=77)
SENDER = "whatsapp:+15550100100"


def delivery(messages: int = 1) -> Delivery:
    found = Delivery.begin(CONVERSATION, NOW)
    take(found, *(Outgoing(version=n, interaction=uuid4(), end=5) for n in range(1, messages + 1)))
    return found


def take(found: Delivery, *outgoing: Outgoing) -> None:
    taken = found.state.taken + 10
    found.take_in(Taken(outgoing=outgoing, taken=taken, sender=SENDER), NOW)


def status(found: Delivery, number: int = 1) -> Status:
    return found.state.messages[number].status


def refuse(found: Delivery, number: int, *, attempt: int = 1, passing: bool = True, **more: Any) -> None:
    facts: dict[str, Any] = {"code": "20429", "after": None, "at": NOW}
    found.refused(number, attempt, passing=passing, **facts | more)


def tell(found: Delivery, word: str, *, number: int = 1, attempt: int = 1, code: str | None = None) -> None:
    found.told(number, attempt, sid=f"SM{attempt}", status=word, code=code, at=NOW)


def test_an_attempt_is_on_record_before_the_channel_is_called_and_its_name_says_which() -> None:
    found = delivery()
    (event,) = when(found, lambda: found.attempt(1, NOW))
    assert isinstance(event, Delivery.Attempted)
    assert (event.number, event.attempt, event.again) == (1, 1, False)
    assert named(name_of(CONVERSATION, 1, 1)) == (CONVERSATION, 1, 1)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        f"{CONVERSATION.hex}.1",
        f"{CONVERSATION.hex}.1.x",
        "g" * 32 + ".1.1",
        f"{CONVERSATION.hex}.1.{'9' * 30}",
    ],
)
def test_what_is_no_name_of_an_attempt_is_told_so(name: str) -> None:
    assert named(name) is None


def test_nobody_sends_what_is_being_sent_or_what_the_channel_has() -> None:
    found = delivery()
    found.attempt(1, NOW)
    with pytest.raises(Refused):
        found.attempt(1, NOW)
    found.accepted(1, 1, sid="SM1", by="answer", at=NOW)
    with pytest.raises(Refused):
        found.attempt(1, NOW)
    assert found.waiting() == []


def test_a_status_may_come_before_the_channels_own_answer() -> None:
    found = delivery()
    found.attempt(1, NOW)
    tell(found, "delivered")
    assert status(found) == "delivered"
    assert when(found, lambda: found.accepted(1, 1, sid="SM1", by="answer", at=NOW)) == []
    assert status(found) == "delivered"


@pytest.mark.parametrize("order", list(permutations(("sent", "delivered", "read"))))
def test_in_whatever_order_statuses_come_the_last_one_of_its_life_stands(order: tuple[str, ...]) -> None:
    found = delivery()
    found.attempt(1, NOW)
    for word in order:
        tell(found, word)
    assert status(found) == "read"


def test_read_needs_no_delivered_and_a_failure_on_one_phone_does_not_undo_that_it_came_on_another() -> None:
    found = delivery(2)
    for number in (1, 2):
        found.attempt(number, NOW)
    tell(found, "read")
    tell(found, "undelivered", code="63024")
    tell(found, "failed", number=2, code="63024")
    tell(found, "delivered", number=2)
    assert (status(found, 1), status(found, 2)) == ("read", "delivered")


def test_an_unknown_status_is_kept_and_changes_nothing() -> None:
    found = delivery()
    found.attempt(1, NOW)
    tell(found, "sent")
    (event,) = when(found, lambda: tell(found, "teleported"))
    assert isinstance(event, Delivery.StatusTold)
    assert event.status == "teleported"
    assert status(found) == "sent"


def test_what_was_never_sent_here_is_not_kept() -> None:
    found = delivery()
    assert when(found, lambda: tell(found, "sent", number=9)) == []


@pytest.mark.parametrize("by", ["answer", "status"])
def test_a_refusal_for_the_time_being_is_tried_again_later_each_time_for_hours_and_then_given_up(
    by: str,
) -> None:
    found, at, waits = delivery(), NOW, list[timedelta]()
    while (turn := next_step(found, at, unknown_fate="operator")) == Send(1):
        attempt = len(waits) + 1
        found.attempt(1, at)
        if by == "answer":
            refuse(found, 1, attempt=attempt, at=at)
        else:
            facts: dict[str, Any] = {"sid": f"SM{attempt}", "status": "failed", "code": "63018", "at": at}
            found.told(1, attempt, **facts)
        again_at = found.state.messages[1].at
        assert again_at is not None
        waits.append(again_at - at)
        at = again_at
    assert turn == GiveUp(1, "undelivered")
    assert waits[:5] == [timedelta(seconds=2.0 * 2**n) for n in range(5)]
    assert max(waits) == waits[-1] == LONGEST_PAUSE
    assert timedelta() <= at - NOW - TRYING < LONGEST_PAUSE
    found.give_up(1, code="63018", at=at)
    assert (status(found), found.waiting()) == ("given_up", [])


def test_who_looks_late_tries_once_more_all_the_same() -> None:
    found = delivery()
    found.attempt(1, NOW)
    refuse(found, 1, after=timedelta(hours=1))
    assert next_step(found, NOW, unknown_fate="operator") == Wait(NOW + timedelta(hours=1))
    assert next_step(found, NOW + 2 * TRYING, unknown_fate="operator") == Send(1)


def test_a_form_that_a_status_refuses_is_replaced_by_its_text_once() -> None:
    found = delivery(2)
    text = Outgoing(version=1, interaction=None, plain=True, end=5)
    for number in (1, 2):
        found.attempt(number, NOW)
    for word in ("failed", "undelivered"):
        facts: dict[str, Any] = {"sid": "SM1", "status": word, "code": "63013", "at": NOW}
        found.told(1, 1, texts=[text], **facts)
    assert [(number, sending.outgoing) for number, sending in found.waiting() if number != 2] == [(3, text)]
    tell(found, "delivered", number=2)
    found.told(2, 1, sid="SM2", status="failed", code="63013", at=NOW, texts=[text])
    assert status(found, 2) == "delivered"


def test_the_channel_says_when_it_may_be_tried_again() -> None:
    found = delivery()
    found.attempt(1, NOW)
    refuse(found, 1, after=timedelta(seconds=90))
    assert found.state.messages[1].at == NOW + timedelta(seconds=90)


def test_another_refusal_is_reported_with_its_code() -> None:
    found = delivery()
    found.attempt(1, NOW)
    refuse(found, 1, passing=False, code="63016")
    assert (status(found), found.state.messages[1].code) == ("failed", "63016")


def test_a_refusal_that_comes_after_a_status_counts_for_nothing() -> None:
    found = delivery()
    found.attempt(1, NOW)
    tell(found, "sent")
    assert when(found, lambda: refuse(found, 1)) == []


def test_a_failure_that_passes_is_sent_again_and_a_late_older_status_does_not_keep_it_from_that() -> None:
    found = delivery()
    found.attempt(1, NOW)
    tell(found, "failed", code="63018")
    assert status(found) == "queued"
    tell(found, "sent")
    assert status(found) == "queued"
    assert found.attempt(1, NOW) == name_of(CONVERSATION, 1, 2)
    tell(found, "delivered", attempt=2)
    assert status(found) == "delivered"


def test_a_message_of_unknown_fate_is_settled_by_a_status() -> None:
    found = delivery()
    found.attempt(1, NOW)
    found.doubt(1, 1, why="time-out", at=NOW)
    assert status(found) == "unknown"
    tell(found, "sent")
    assert status(found) == "sent"
    assert found.waiting() == []


def test_a_message_of_unknown_fate_that_is_sent_again_says_so() -> None:
    found = delivery()
    found.attempt(1, NOW)
    found.doubt(1, 1, why="time-out", at=NOW)
    (event,) = when(found, lambda: found.attempt(1, NOW))
    assert isinstance(event, Delivery.Attempted)
    assert event.again


def test_what_was_given_up_and_came_after_all_has_come() -> None:
    found = delivery()
    found.attempt(1, NOW)
    found.doubt(1, 1, why="time-out", at=NOW)
    found.give_up(1, code="unknown_fate", at=NOW)
    assert found.waiting() == []
    tell(found, "delivered")
    assert status(found) == "delivered"


def test_texts_in_the_place_of_a_form_keep_its_turn() -> None:
    found = delivery(3)
    found.replace(
        1, [Outgoing(version=1, interaction=None, plain=True, end=n) for n in (1, 2)], code="63013", at=NOW
    )
    assert [number for number, _ in found.waiting()] == [4, 5, 2, 3]


def test_messages_go_out_in_the_order_in_which_they_were_said() -> None:
    found = delivery(3)
    found.attempt(1, NOW)
    refuse(found, 1)
    assert [number for number, _ in found.waiting()] == [1, 2, 3]


def test_nothing_follows_an_erasure() -> None:
    found = delivery(2)
    found.forget(NOW)
    assert when(found, lambda: found.forget(NOW)) == []
    commands: list[Callable[[], object]] = [
        lambda: found.attempt(1, NOW),
        lambda: tell(found, "sent"),
        lambda: take(found),
        lambda: found.give_up(1, code="x", at=NOW),
        lambda: found.doubt(1, 1, why="x", at=NOW),
    ]
    for command in commands:
        with pytest.raises(Erased):
            command()


def test_what_has_gone_out_leaves_the_state_after_a_while_and_its_statuses_are_kept_all_the_same() -> None:
    found = delivery(KEPT + 10)
    for number in range(1, KEPT + 11):
        found.attempt(number, NOW)
        found.accepted(number, 1, sid=f"SM{number}", by="answer", at=NOW)
    assert len(found.state.messages) == KEPT
    (event,) = when(found, lambda: tell(found, "read"))
    assert isinstance(event, Delivery.StatusTold)


def test_its_id_follows_from_the_conversations_whose_key_seals_it() -> None:
    found = delivery()
    assert (found.id, found.subject) == (delivery_of(CONVERSATION), CONVERSATION)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "take",
                "attempt",
                "accept",
                "refuse",
                "doubt",
                "give up",
                "queued",
                "sent",
                "delivered",
                "read",
                "failed",
                "passing",
            ]
        ),
        st.integers(1, 4),
        st.integers(1, 3),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_nothing_is_sent_that_the_channel_has_and_a_replay_is_the_same(
    steps: list[tuple[str, int, int]],
) -> None:
    """Whatever comes in whatever order, from senders that died, statuses that are late, and both at once."""
    found, has = delivery(2), set[int]()
    for step, number, attempt in steps:
        sending = found.state.messages.get(number)
        if step == "take":
            take(found, Outgoing(version=found.state.taken + 1, interaction=None, end=1))
        elif sending is None or (attempt > sending.attempt and step != "attempt"):
            continue
        elif step == "attempt":
            if sending.status in ("queued", "unknown"):
                assert number not in has
                found.attempt(number, NOW)
        elif step == "accept":
            found.accepted(number, attempt, sid=f"SM{number}{attempt}", by="answer", at=NOW)
            has.add(number) if attempt > sending.over else None
        elif step == "refuse":
            refuse(found, number, attempt=attempt)
        elif step == "doubt":
            found.doubt(number, attempt, why="x", at=NOW)
        elif step == "give up":
            found.give_up(number, code="x", at=NOW)
        else:
            word = "failed" if step == "passing" else step
            tell(found, word, number=number, attempt=attempt, code="63018" if step == "passing" else "63024")
            if found.state.messages[number].status in OPEN:
                has.discard(number)
            elif attempt > sending.over:
                has.add(number)
    events: list[Event] = list(found.collect_events())  # type: ignore[arg-type]  # the library's word for our events
    replayed = Delivery.replay(events)
    assert replayed is not None
    assert replayed.state == found.state


def test_times_are_those_of_the_commands() -> None:
    found = delivery()
    later = NOW + timedelta(hours=1)
    found.attempt(1, later)
    at: datetime | None = found.state.messages[1].at
    assert at == later
