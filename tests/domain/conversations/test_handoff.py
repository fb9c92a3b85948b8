from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.base.errors import Conflict, Erased, Invalid, Refused
from domain.conversations.conversation import Conversation
from domain.conversations.handoff import EXPIRED, TAKEOVER
from domain.conversations.rich import Attachment, Option, QuickReplies
from domain.conversations.state import LONGEST_ANSWER
from tests.domain.given import NOW, when

C = Conversation


def conversation(*texts: str) -> Conversation:
    found = Conversation.start(uuid4(), channel="http", address="anna", name=None, at=NOW)
    for number, text in enumerate(texts):
        receive(found, f"m{number}", text)
    if texts:
        found.disclose("a machine", NOW)
    return found


def receive(found: Conversation, message: str = "m", text: str = "hello?", later: float = 0) -> UUID:
    return found.receive(message=message, text=text, interaction=uuid4(), at=NOW + timedelta(seconds=later))


def answer(found: Conversation, text: str = "yes", later: float = 0) -> None:
    found.answer(
        text=text,
        citations=(),
        template="t",
        confidence=0.9,
        configuration_version=1,
        latency_ms=1.0,
        at=NOW + timedelta(seconds=later),
    )


def names(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


def handed_over(*texts: str) -> Conversation:
    found = conversation("I want a person", *texts)
    answer(found, "somebody will write to you")
    found.hand_over("person", ("wants_person 0.98",), NOW)
    return found


def test_what_is_handed_over_says_why_and_of_which_interaction() -> None:
    found = conversation("a person, please")
    interaction = found.pending.interaction  # type: ignore[union-attr]
    answer(found)
    (event,) = when(found, lambda: found.hand_over("person", ("wants_person 0.98",), NOW))
    assert (event.interaction, event.category, event.evidence) == (  # type: ignore[attr-defined]
        interaction,
        "person",
        ("wants_person 0.98",),
    )
    assert found.state.handoff is not None
    assert (found.state.handoff.operator, found.state.handoff.waiting) == (None, NOW)
    assert when(found, lambda: found.hand_over("again", (), NOW)) == [], "it is handed over once"


def test_the_agent_answers_nothing_while_a_person_is_to_answer() -> None:
    found = handed_over()
    receive(found)
    assert found.pending is not None
    assert found.pending_for_agent is None
    for command in (lambda: answer(found), lambda: found.begin_answer(NOW), lambda: found.say("x", "y", NOW)):
        with pytest.raises(Refused, match="person"):
            command()


def test_one_claim_wins_and_the_other_is_told_who_has_it() -> None:
    found = handed_over()
    assert names(when(found, lambda: found.claim("Bea", NOW))) == ["Claimed"]
    assert when(found, lambda: found.claim("Bea", NOW)) == []
    with pytest.raises(Conflict, match="Bea") as conflict:
        found.claim("Carl", NOW)
    assert conflict.value.facts == {"operator": "Bea"}


def test_an_operator_takes_a_conversation_that_the_agent_has() -> None:
    found = conversation("one")
    assert names(when(found, lambda: found.claim("Bea", NOW))) == ["Claimed"]
    assert found.state.handoff is not None
    assert found.state.handoff.category == TAKEOVER
    assert found.state.handoff.waiting == NOW
    with pytest.raises(Refused):
        answer(found)


def test_a_reply_answers_what_is_pending() -> None:
    found = handed_over()
    found.claim("Bea", NOW)
    first = receive(found, "m1", "one")
    receive(found, "m2", "two")
    (event,) = when(found, lambda: found.reply("Bea", "here I am", NOW))
    assert isinstance(event, C.Replied)
    assert (event.messages, event.interactions) == (("m1", "m2"), (first,))
    assert found.pending is None
    assert found.state.handoff is not None
    assert found.state.handoff.waiting is None
    assert [turn.text for turn in found.state.history][-3:] == ["one", "two", "here I am"]
    (more,) = when(found, lambda: found.reply("Bea", "and more", NOW))
    assert isinstance(more, C.Replied)
    assert (more.messages, more.interactions) == ((), ())
    receive(found, "m3", later=9)
    assert found.state.handoff.waiting == NOW + timedelta(seconds=9)


def test_only_who_has_it_replies() -> None:
    found = handed_over()
    with pytest.raises(Conflict, match="claim it"):
        found.reply("Bea", "hi", NOW)
    found.claim("Bea", NOW)
    with pytest.raises(Conflict, match="Bea has"):
        found.reply("Carl", "hi", NOW)
    with pytest.raises(Conflict, match="Bea has"):
        found.release("Carl", NOW)


@pytest.mark.parametrize("text", ["", " \n", None, "x" * 8001])
def test_a_reply_without_text_or_too_long_is_refused(text: str | None) -> None:
    found = handed_over()
    found.claim("Bea", NOW)
    with pytest.raises(Invalid, match="send"):
        found.reply("Bea", text, NOW)


def test_a_rich_reply_is_checked_and_has_a_text_too() -> None:
    found = handed_over()
    found.claim("Bea", NOW)
    buttons = QuickReplies(body="Which?", options=(Option(title="one"), Option(title="two")))
    (event,) = when(found, lambda: found.reply("Bea", None, NOW, rich=buttons))
    assert isinstance(event, C.Replied)
    assert event.rich == buttons
    assert "Which?" in event.text
    assert "two" in event.text
    with pytest.raises(Invalid, match="https"):
        found.reply("Bea", "see", NOW, rich=Attachment(url="file:///x", media_type="image/png"))


def test_what_was_given_back_is_the_agents_with_what_is_pending() -> None:
    found = handed_over()
    found.claim("Bea", NOW)
    receive(found, "m1")
    assert names(when(found, lambda: found.release("Bea", NOW))) == ["Released"]
    assert found.pending_for_agent is not None
    answer(found)
    assert when(found, lambda: found.release("Bea", NOW)) == [], "the agent has it"


def test_nobody_has_to_claim_it_to_give_it_back() -> None:
    found = handed_over()
    assert names(when(found, lambda: found.release("Bea", NOW))) == ["Released"]


def test_the_agent_has_it_again_when_nobody_has_answered_for_too_long() -> None:
    found = handed_over()
    found.claim("Bea", NOW)
    receive(found, "m1", "hello?")
    (event,) = when(found, lambda: found.expire(NOW))
    assert isinstance(event, C.HandoffExpired)
    assert (event.operator, event.category, event.since) == ("Bea", "person", NOW)
    found.say("nobody is here", EXPIRED, NOW)
    assert found.pending_for_agent is not None
    assert [turn.text for turn in found.state.history][-2:] == ["nobody is here", "hello?"]
    assert [turn.text for turn in found.earlier][-1] == "nobody is here"


def test_it_does_not_expire_while_nobody_waits() -> None:
    found = handed_over()
    found.claim("Bea", NOW)
    found.reply("Bea", "hi", NOW)
    assert when(found, lambda: found.expire(NOW)) == []
    assert when(conversation("one"), lambda: found.expire(NOW)) == []


def test_closing_ends_it_and_what_is_pending_is_the_agents() -> None:
    found = handed_over()
    found.claim("Bea", NOW)
    receive(found, "m1")
    found.close("solved", NOW)
    assert found.state.handoff is None
    assert found.pending_for_agent is not None
    with pytest.raises(Refused, match="reopen"):
        found.claim("Bea", NOW)
    found.reopen(NOW)
    found.claim("Bea", NOW)


def test_an_answer_that_the_customer_was_getting_is_on_record_and_ends_there() -> None:
    found = conversation("one")
    found.begin_answer(NOW)
    found.claim("Bea", NOW)
    receive(found, "m1", "two")
    (reply,) = when(found, lambda: found.reply("Bea", "I have read it", NOW))
    assert isinstance(reply, C.Replied)
    assert reply.messages == ("m1",), "the first is the agent's, who has begun"
    answer(found, "as far as")
    assert found.pending is None
    receive(found, "m2", "three")
    with pytest.raises(Refused):
        answer(found)


def test_an_answer_that_nobody_has_heard_of_is_not_said_after_a_claim() -> None:
    found = conversation("one")
    found.begin_answer(NOW, heard=False)
    found.claim("Bea", NOW)
    with pytest.raises(Refused, match="person"):
        answer(found)
    (reply,) = when(found, lambda: found.reply("Bea", "hi", NOW))
    assert isinstance(reply, C.Replied)
    assert reply.messages == ("m0",)


def test_an_answer_that_was_left_off_is_the_operators() -> None:
    found = conversation("one")
    found.begin_answer(NOW)
    found.claim("Bea", NOW)
    late = NOW + LONGEST_ANSWER + timedelta(seconds=1)
    with pytest.raises(Refused):
        answer(found, later=LONGEST_ANSWER.total_seconds() + 1)
    (reply,) = when(found, lambda: found.reply("Bea", "hi", late))
    assert isinstance(reply, C.Replied)
    assert reply.messages == ("m0",)


def test_who_was_forgotten_is_handed_to_nobody() -> None:
    found = handed_over()
    found.forget(NOW)
    for command in (
        lambda: found.claim("Bea", NOW),
        lambda: found.reply("Bea", "x", NOW),
        lambda: found.release("Bea", NOW),
        lambda: found.hand_over("x", (), NOW),
        lambda: found.close(None, NOW),
        lambda: found.reopen(NOW),
    ):
        with pytest.raises(Erased):
            command()
