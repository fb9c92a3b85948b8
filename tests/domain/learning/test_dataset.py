"""Datasets: versions that were used stay as they are; what customers wrote is quoted."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.base.errors import Erased, Invalid, NotFound, Refused
from domain.feedback.exchange import Exchange
from domain.learning.case import Case, check_exchange, check_labels
from domain.learning.dataset import BATCH, MOST, Dataset
from domain.models.completion import Turn
from tests.domain.given import NOW, when


def begun() -> Dataset:
    return Dataset.begin(uuid4(), name=" Answers ", description="", at=NOW)


def case(number: int, **facts: Any) -> Case:
    exchange = Exchange(message=f"question {number}", answer=f"answer {number}")
    return Case(id=UUID(int=number + 1), exchange=exchange, **{"source": "hand", **facts})


def test_cases_come_once_in_bounded_events() -> None:
    dataset = begun()
    events = when(dataset, lambda: dataset.add([*map(case, range(BATCH + 1)), case(0)], NOW))
    assert [len(event.cases) for event in events] == [BATCH, 1]  # type: ignore[attr-defined]
    assert dataset.add([case(0), case(BATCH + 1)], NOW) == 1
    assert len(dataset.state.cases) == BATCH + 2


def test_a_version_that_was_used_stays_and_a_change_makes_the_next() -> None:
    dataset = begun()
    dataset.add(map(case, range(3)), NOW)
    (first,) = when(dataset, lambda: dataset.freeze(NOW))
    assert when(dataset, lambda: dataset.freeze(NOW)) == []
    dataset.add([case(3)], NOW)
    dataset.remove([case(0).id], NOW)
    state = dataset.state
    assert (state.version, state.frozen, len(state.cases)) == (2, False, 3)
    (second,) = when(dataset, lambda: dataset.freeze(NOW))
    assert (first.version, second.version) == (1, 2)  # type: ignore[attr-defined]
    assert first.digest != second.digest  # type: ignore[attr-defined]
    assert dataset.state.frozen_versions == {1: 3, 2: 3}


def test_the_same_cases_have_the_same_digest_in_any_order() -> None:
    digests = set()
    for order in (range(3), reversed(range(3))):
        dataset = begun()
        dataset.add(map(case, order), NOW)
        dataset.freeze(NOW)
        digests |= {event.digest for event in dataset.collect_events() if isinstance(event, Dataset.Frozen)}
    assert len(digests) == 1


def test_what_customers_wrote_is_quoted_and_the_rest_is_its_own() -> None:
    conversation, dataset = uuid4(), begun()
    mine = case(1)
    context = (Turn(role="user", text="Hi"), Turn(role="assistant", text="Hello"))
    theirs = replace(
        case(2, conversation=conversation, source="correction"),
        exchange=Exchange(message="secret", context=context, answer="word"),
    )
    (event,) = when(dataset, lambda: dataset.add([mine, theirs], NOW))
    bare, quotes = event.detach()
    assert [(quote.subject, quote.place) for quote in quotes] == [(conversation, 1)]
    assert (bare.cases[0], bare.cases[1].exchange) == (mine, None)  # type: ignore[attr-defined]
    assert bare.attach(quotes) == event
    erased = bare.attach([replace(quotes[0], texts=None)])
    assert erased.cases == (mine, replace(theirs, exchange=None))  # type: ignore[attr-defined]


def test_what_is_not_there_too_much_or_deleted_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = begun()
    with pytest.raises(Refused, match="no case"):
        dataset.freeze(NOW)
    with pytest.raises(NotFound):
        dataset.remove([uuid4()], NOW)
    monkeypatch.setattr("domain.learning.dataset.MOST", 3)
    dataset.add(map(case, range(3)), NOW)
    with pytest.raises(Refused, match="at most 3"):
        dataset.add([case(4)], NOW)
    assert MOST >= 10_000
    dataset.delete(NOW)
    for change in (
        lambda: dataset.add([case(9)], NOW),
        lambda: dataset.freeze(NOW),
        lambda: dataset.delete(NOW),
    ):
        with pytest.raises(Erased):
            change()
    with pytest.raises(Invalid, match="name"):
        Dataset.begin(uuid4(), name="  ", description="", at=NOW)


def test_cases_are_checked() -> None:
    check_exchange(Exchange(message="m", answer="a"))
    check_labels("order", None, 5)
    for exchange in (
        Exchange(message=" ", answer="a"),
        Exchange(message="m", answer=""),
        Exchange(message="m" * 20_000, answer="a"),
        Exchange(message="m", answer="a", context=(Turn(role="user", text="x"),) * 51),
    ):
        with pytest.raises(Invalid):
            check_exchange(exchange)
    for labels in (("", None, None), (None, "x" * 101, None), (None, None, 5.5)):
        with pytest.raises(Invalid):
            check_labels(*labels)
