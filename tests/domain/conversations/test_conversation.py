from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit.conversation_checks import every_message_is_answered_once_replied_to_or_pending
from domain.base.errors import Invalid, Refused
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.conversations.messages import LONGEST_MESSAGE
from domain.conversations.rich import Option, QuickReplies
from domain.conversations.state import HISTORY
from domain.gateway.decision import Routing
from domain.models.completion import Citation
from domain.retrieval.passages import Retrieved
from tests.domain.conversations.tries import attempt
from tests.domain.given import NOW, when


def conversation(*texts: str) -> Conversation:
    found = Conversation.start(uuid4(), channel="http", address="anna", name=None, at=NOW)
    for number, text in enumerate(texts):
        found.receive(message=f"m{number}", text=text, interaction=uuid4(), at=NOW)
    return found


def answer(found: Conversation, **changes: Any) -> None:
    facts: dict[str, Any] = {
        "text": "yes",
        "citations": (),
        "template": "t",
        "confidence": 0.9,
        "configuration_version": 1,
        "latency_ms": 1.0,
        "at": NOW,
    }
    found.answer(**facts | changes)


def test_messages_before_an_answer_are_one_interaction() -> None:
    found = conversation("one")
    first = found.state.burst.interaction  # type: ignore[union-attr]
    assert found.receive(message="m1", text="two", interaction=uuid4(), at=NOW) == first


def test_an_answer_names_every_message_that_it_answers_and_ends_the_burst() -> None:
    found = conversation("one", "two")
    found.disclose("a machine", NOW)
    (event,) = when(found, lambda: answer(found))
    assert isinstance(event, Conversation.Answered)
    assert event.messages == ("m0", "m1")
    assert found.state.burst is None


def test_what_was_tried_is_summed() -> None:
    found = conversation("one")
    routing = Routing(model="p/m", reason="r")
    attempts = (attempt(), attempt("0.2"))
    (event,) = when(found, lambda: found.meter(uuid4(), routing=routing, attempts=attempts, at=NOW))
    assert isinstance(event, Conversation.Metered)
    assert event.cost == Decimal("0.3")


def test_nothing_is_answered_twice() -> None:
    found = conversation("one")
    found.disclose("a machine", NOW)
    answer(found)
    with pytest.raises(Refused):
        answer(found)


def test_no_answer_goes_out_before_the_customer_was_told_that_a_machine_answers() -> None:
    with pytest.raises(Refused, match="machine"):
        answer(conversation("one"))


def test_the_customer_is_told_once() -> None:
    found = conversation("one")
    assert len(when(found, lambda: found.disclose("a machine", NOW))) == 1
    assert when(found, lambda: found.disclose("a machine", NOW)) == []


def test_a_citation_must_point_at_a_passage_of_the_prompt() -> None:
    found = conversation("one")
    found.disclose("a machine", NOW)
    document = uuid4()
    strange = Citation(marker=1, passage="other", document=document, title="t")
    here = Retrieved(
        passage="p", document=document, title="t", ordinal=0, page=1, section=None, score=1, rank=1
    )
    found.ask(retrieved=(here,), prompt=(), at=NOW)
    with pytest.raises(Refused, match="not in the prompt"):
        answer(found, citations=(strange,))
    answer(found, citations=(Citation(marker=1, passage="p", document=document, title="t"),))


def test_a_message_opens_a_closed_conversation_again() -> None:
    found = conversation("one")
    found.close(None, NOW)
    events = when(found, lambda: found.receive(message="m", text="x", interaction=uuid4(), at=NOW))
    assert [type(event).__name__ for event in events] == ["Reopened", "MessageReceived"]


@pytest.mark.parametrize("text", ["", "  \n", "x" * (LONGEST_MESSAGE + 1)])
def test_a_message_without_text_or_too_long_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(Invalid, match="send"):
        conversation(text)


def test_a_failed_answer_leaves_the_messages_pending() -> None:
    found = conversation("one")
    found.fail(reason="down", at=NOW)
    assert found.state.burst is not None


def test_a_message_that_comes_when_its_answer_has_begun_is_another_bursts_and_waits() -> None:
    found = conversation("one")
    first = found.pending.interaction  # type: ignore[union-attr]
    found.disclose("a machine", NOW)
    found.begin_answer(NOW)
    second = found.receive(message="m1", text="two", interaction=uuid4(), at=NOW)
    assert second != first
    assert found.earlier == []
    (event,) = when(found, lambda: answer(found))
    assert isinstance(event, Conversation.Answered)
    assert (event.interaction, event.messages) == (first, ("m0",))
    assert found.pending is not None
    assert (found.pending.interaction, [m.id for m in found.pending.messages]) == (second, ["m1"])
    assert [turn.text for turn in found.earlier] == ["one", "yes"]
    assert [turn.text for turn in found.state.history] == ["one", "yes", "two"]


def test_an_answer_that_failed_after_it_had_begun_is_given_again_to_the_same_messages() -> None:
    found = conversation("one")
    found.disclose("a machine", NOW)
    found.begin_answer(NOW)
    found.receive(message="m1", text="two", interaction=uuid4(), at=NOW)
    found.fail(reason="cut", at=NOW)
    assert found.state.begun_at is None
    assert [m.id for m in found.pending.messages] == ["m0"]  # type: ignore[union-attr]


def test_no_answer_begins_before_the_customer_was_told_that_a_machine_answers() -> None:
    with pytest.raises(Refused, match="machine"):
        conversation("one").begin_answer(NOW)
    with pytest.raises(Refused, match="no message"):
        conversation().begin_answer(NOW)


@given(st.lists(st.sampled_from(["receive", "begin", "answer", "close", "fail"]), max_size=60))
def test_each_message_is_answered_once_or_pending(steps: list[str]) -> None:
    found = conversation()
    received: list[str] = []
    for step in steps:
        if step == "receive":
            received.append(f"m{len(received)}")
            found.receive(message=received[-1], text="x", interaction=uuid4(), at=NOW)
        elif step == "close":
            found.close(None, NOW)
        elif found.pending is not None and step == "answer":
            found.disclose("a machine", NOW)
            answer(found)
        elif found.pending is not None and step == "begin":
            found.disclose("a machine", NOW)
            found.begin_answer(NOW)
        elif found.pending is not None:
            found.fail(reason="x", at=NOW)
    events = found.collect_events()
    answered = [m for e in events if isinstance(e, Conversation.Answered) for m in e.messages]
    bursts = [burst for burst in (found.state.begun, found.state.burst) if burst is not None]
    pending = [m.id for burst in bursts for m in burst.messages]
    assert answered + pending == received
    assert len(found.state.history) <= HISTORY
    check = every_message_is_answered_once_replied_to_or_pending()
    ids = found.id, found.id
    for n, event in enumerate(events, 1):
        row = Recorded(n, *ids, n, "t", NOW, "a", found.id, None, b"", b"", event)  # type: ignore[arg-type]
        assert check(row) is None
    replayed = Conversation.replay(list(events))  # type: ignore[arg-type]  # the library's word for our events
    assert replayed is None or replayed.state == found.state


def test_an_answer_in_a_form_that_a_channel_would_refuse_is_no_event() -> None:
    found = conversation("one")
    found.disclose("a machine", NOW)
    before = found.version
    many = QuickReplies(body="Which?", options=tuple(Option(title=f"{n}") for n in range(4)))
    with pytest.raises(Invalid, match="1 to 3"):
        answer(found, rich=many)
    assert found.version == before
    few = QuickReplies(body="Which?", options=(Option(title="Red"),))
    (event,) = when(found, lambda: answer(found, rich=few))
    assert isinstance(event, Conversation.Answered)
    assert event.rich == few


def test_ids_are_uuids() -> None:
    assert isinstance(conversation().id, UUID)
