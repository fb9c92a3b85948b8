from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.audit.invariants import Invariants
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.chat.end_user import User
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Citation, Turn
from domain.retrieval.passages import Retrieved
from tests.domain.given import NOW

TENANT, DOCUMENT = uuid4(), uuid4()


def call(user: UUID | None = None, *, ended: bool = True) -> Call:
    made = Call.request(
        uuid4(),
        model="agent",
        messages=(Turn(role="user", text="q"),),
        max_tokens=10,
        temperature=None,
        stop=(),
        options={},
        stream=False,
        user="anna" if user else None,
        user_id=user,
        at=NOW,
    )
    passage = Retrieved(
        passage="p", document=DOCUMENT, title="t", ordinal=0, page=1, section=None, score=1, rank=1
    )
    made.prompt(retrieved=(passage,), prompt=(), template="answer/1", configuration_version=1, at=NOW)
    attempt = Attempt(
        provider="p", model="m", outcome="ok", started_at=NOW, latency_ms=1, cost=Decimal("0.25")
    )
    made.meter(routing=Routing(model="p/m", reason="r"), attempts=(attempt,), at=NOW)
    if ended:
        citation = Citation(marker=1, passage="p", document=DOCUMENT, title="t")
        made.answer(text="a", finish="stop", citations=(citation,), cached=False, latency_ms=1, at=NOW)
    return made


def events_of(*calls: Call) -> list[Event]:
    return [event for each in calls for event in each.pending_events]  # type: ignore[misc]  # the library's word for our events


def broken(events: Sequence[Event]) -> list[str]:
    """What does not hold of them, as a tenant's log."""
    rows = [
        Recorded(
            n, TENANT, e.originator_id, e.originator_version, e.TOPIC, NOW, "a", TENANT, None, b"", b"", e
        )
        for n, e in enumerate(events, 1)
    ]
    invariants = Invariants()
    invariants.fold(rows)
    return [violation.text for violation in invariants.violations]


def test_a_call_is_sealed_by_its_user_and_else_by_itself() -> None:
    user = uuid4()
    assert call(user).subject == user
    assert (alone := call()).subject == alone.id


def test_it_is_forgotten_once() -> None:
    made = call(uuid4())
    made.collect_events()
    made.forget(NOW)
    made.forget(NOW)
    assert [type(event) for event in made.pending_events] == [Call.Forgotten]


def test_what_the_domain_writes_holds() -> None:
    forgotten = call(uuid4())
    forgotten.forget(NOW)
    ended = call(ended=False)
    ended.end(reason="gone", text="", latency_ms=1, at=NOW)
    user = list(User.forget(uuid4(), NOW).pending_events)
    assert broken([*events_of(call(), forgotten, ended), *user, *events_of(call())]) == []  # type: ignore[list-item]  # ours


def test_a_call_that_is_metered_or_ends_twice_or_never_is_broken() -> None:
    events = events_of(made := call())
    assert broken([*events[:3], events[2], *events[3:]]) == ["the call was metered a second time"]
    assert "the call ended a second time" in broken([*events, events[-1]])
    assert broken([*events[:2], events[3]]) == ["the call ended without being metered"]
    assert broken([*events[:3], *events_of(call())]) == [f"the call {made.id} has not ended"]


@pytest.mark.parametrize("field", ["cost", "citations"])
def test_a_sum_that_is_not_exact_or_a_citation_of_nothing_is_broken(field: str) -> None:
    requested, prompted, metered, answered = events_of(call())
    if field == "cost":
        metered = msgspec.structs.replace(metered, cost=Decimal("0.250000000001"))
        (text,) = broken([requested, prompted, metered, answered])
        assert text.endswith("is not the sum of its attempts")
    else:
        (text,) = broken([requested, metered, answered])
        assert "not in its prompt" in text
