"""Logs in which something went out twice, or out of turn, are found out; those that the commands make are not."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from domain.audit.delivery_checks import (
    every_message_goes_out_in_its_turn,
    nothing_is_sent_that_the_channel_is_known_to_have,
)
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.channels.delivery import Delivery as D
from domain.channels.outgoing import Outgoing
from tests.domain.given import NOW

STREAM, OUTGOING = uuid4(), Outgoing(version=1, interaction=None, end=1)


def taken(*, first: int = 1, count: int = 2) -> Event:
    return D.TakenIn(first=first, outgoing=(OUTGOING,) * count, taken=9, sender="whatsapp:+1")


def attempted(number: int = 1, attempt: int = 1) -> Event:
    return D.Attempted(number=number, attempt=attempt)


def accepted(number: int = 1, attempt: int = 1) -> Event:
    return D.Accepted(number=number, attempt=attempt, by="answer")


def not_taken(number: int = 1, attempt: int = 1, *, again: bool) -> Event:
    return D.NotTaken(number=number, attempt=attempt, code="20429", again_at=NOW if again else None)


def unknown(number: int = 1, attempt: int = 1) -> Event:
    return D.FateUnknown(number=number, attempt=attempt, why="time-out")


def failed(number: int = 1, *, again: bool) -> Event:
    return D.StatusTold(
        number=number, attempt=1, status="failed", code="63018", again_at=NOW if again else None
    )


def found(check: Callable[[Recorded], str | None], events: list[Event]) -> list[str]:
    ids: tuple[UUID, UUID] = (STREAM, STREAM)
    rows = [
        Recorded(n, *ids, n, event.TOPIC, NOW, "a", STREAM, None, b"", b"", event)
        for n, event in enumerate(events, 1)
    ]
    return [text for row in rows if (text := check(row)) is not None]


@pytest.mark.parametrize(
    "events",
    [
        [attempted(), accepted()],
        [attempted(), not_taken(again=True), attempted(attempt=2), accepted(attempt=2)],
        [attempted(), unknown(), attempted(attempt=2)],
        [attempted(), accepted(), failed(again=True), attempted(attempt=2)],
        [attempted(1), accepted(1), attempted(2), accepted(2)],
    ],
)
def test_what_may_be_sent_again_is_no_violation(events: list[Event]) -> None:
    assert found(nothing_is_sent_that_the_channel_is_known_to_have(), events) == []


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([attempted(), accepted(), attempted(attempt=2)], "though the channel had it"),
        ([attempted(), unknown(), accepted(), attempted(attempt=2)], "though the channel had it"),
        ([attempted(), accepted(), failed(again=False), attempted(attempt=2)], "though the channel had it"),
        ([attempted(), attempted(attempt=2)], "before its attempt 1 had an outcome"),
    ],
)
def test_what_was_sent_twice_is_found(events: list[Event], text: str) -> None:
    (violation,) = found(nothing_is_sent_that_the_channel_is_known_to_have(), events)
    assert text in violation


@pytest.mark.parametrize(
    "events",
    [
        [taken(), attempted(1), accepted(1), attempted(2)],
        [taken(), attempted(1), unknown(1), attempted(2)],
        [taken(), attempted(1), not_taken(1, again=False), attempted(2)],
        [
            taken(),
            attempted(1),
            accepted(1),
            attempted(2),
            accepted(2),
            failed(1, again=True),
            attempted(1, 2),
        ],
        [
            taken(),
            attempted(1),
            D.Replaced(number=1, code="63013", first=3, outgoing=(OUTGOING, OUTGOING)),
            attempted(3),
            accepted(3),
            attempted(4),
            accepted(4),
            attempted(2),
        ],
    ],
)
def test_what_goes_out_in_its_turn_is_no_violation(events: list[Event]) -> None:
    assert found(every_message_goes_out_in_its_turn(), events) == []


@pytest.mark.parametrize(
    "events",
    [
        [taken(), attempted(2)],
        [taken(), attempted(1), not_taken(1, again=True), attempted(2)],
        [taken(), attempted(1), D.Replaced(number=1, code="x", first=3, outgoing=(OUTGOING,)), attempted(2)],
    ],
)
def test_what_overtook_another_is_found(events: list[Event]) -> None:
    (violation,) = found(every_message_goes_out_in_its_turn(), events)
    assert "said before it" in violation
