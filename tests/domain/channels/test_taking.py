from __future__ import annotations

from uuid import uuid4

from domain.base.aggregate import Event
from domain.channels.outgoing import Outgoing
from domain.channels.taking import Spoken, instead, spoken, take, words
from domain.conversations.conversation import Conversation
from domain.conversations.rich import Attachment, Choices, Option, QuickReplies, Rich
from tests.domain.given import NOW

SENDER = "whatsapp:+15550100100"


def spoke(text: str, rich: Rich | None = None, *, sender: str | None = SENDER) -> Conversation:
    found = Conversation.start(uuid4(), channel="whatsapp", address="whatsapp:+4915550100", name=None, at=NOW)
    say(found, text, rich, sender=sender)
    return found


def say(
    found: Conversation,
    text: str,
    rich: Rich | None = None,
    *,
    sender: str | None = SENDER,
    shown: str | None = None,
) -> None:
    found.receive(message=str(uuid4()), text="hi", interaction=uuid4(), at=NOW, sender=sender)
    found.disclose("I am a machine.", NOW)
    found.answer(
        text=text,
        citations=(),
        template="t",
        confidence=1.0,
        configuration_version=1,
        latency_ms=1.0,
        at=NOW,
        rich=rich,
        shown=shown,
    )


def events_of(found: Conversation) -> list[Event]:
    return list(found.collect_events())  # type: ignore[arg-type]  # the library's word for our events


def texts(events: list[Event], outgoing: tuple[Outgoing, ...]) -> list[str | Rich]:
    by_version = {each.originator_version: each for each in events}
    found = []
    for each in outgoing:
        said, disclosed = spoken(by_version[each.version]), by_version.get(each.disclosed or 0)
        assert said is not None
        text = disclosed.text if isinstance(disclosed, Conversation.Disclosed) else None
        found.append(words(each, said, text))
    return found


def test_the_first_answer_comes_with_the_disclosure_and_the_next_without() -> None:
    found = spoke("At nine.")
    say(found, "At five.")
    events = events_of(found)
    taken = take(events, 0, None)
    assert texts(events, taken.outgoing) == ["I am a machine.\n\nAt nine.", "At five."]
    assert (taken.sender, taken.taken) == (SENDER, events[-1].originator_version)


def test_markers_go_out_only_with_what_they_mean() -> None:
    found = spoke("At nine [1].")
    say(found, "At five [1].", shown="At five [1].\n\nSources:\n[1] hours.pdf")
    events = events_of(found)
    assert texts(events, take(events, 0, None).outgoing) == [
        "I am a machine.\n\nAt nine.",
        "At five [1].\n\nSources:\n[1] hours.pdf",
    ]


def test_a_disclosure_stands_before_no_persons_words_and_is_told_with_the_next_answer_of_any_interaction() -> (
    None
):
    found = Conversation.start(uuid4(), channel="whatsapp", address="whatsapp:+4915550100", name=None, at=NOW)
    found.receive(message="1", text="hi", interaction=uuid4(), at=NOW, sender=SENDER)
    found.disclose("I am a machine.", NOW)
    found.begin_answer(NOW, heard=False)
    found.claim("eve", NOW)
    found.reply("eve", "Eve here.", NOW)
    events = events_of(found)
    first = take(events, 0, None)
    assert texts(events, first.outgoing) == ["Eve here."]
    found.release("eve", NOW)
    found.say("Nobody was there.", "handoff_expired", NOW)
    events += events_of(found)
    told = [each for each in events if each.originator_version == first.untold]
    second = take(
        told + [each for each in events if each.originator_version > first.taken], first.taken, first.sender
    )
    assert (texts(events, second.outgoing), second.untold) == (["Nobody was there."], first.untold)
    say(found, "At nine.")
    events += events_of(found)
    third = take(
        told + [each for each in events if each.originator_version > second.taken],
        second.taken,
        second.sender,
    )
    assert texts(events, third.outgoing) == ["I am a machine.\n\nAt nine."]
    assert third.untold is None
    say(found, "At five.")
    events += events_of(found)
    last = take([each for each in events if each.originator_version > third.taken], third.taken, third.sender)
    assert texts(events, last.outgoing) == ["At five."]


def test_what_was_taken_in_is_not_taken_in_again() -> None:
    found = spoke("At nine.")
    events = events_of(found)
    first = take(events, 0, None)
    say(found, "At five.")
    more = events_of(found)
    again = take(more, first.taken, first.sender)
    assert texts(more, again.outgoing) == ["At five."]


def test_a_long_answer_goes_in_parts_that_are_cut_between_sentences() -> None:
    sentence = "We are open from nine to five on every day of the week but Sunday. "
    found = spoke(sentence * 60)
    events = events_of(found)
    parts = texts(events, take(events, 0, None).outgoing)
    assert len(parts) == 3
    assert all(isinstance(part, str) and part.endswith((".", "!")) and len(part) <= 1600 for part in parts)


def test_a_form_goes_out_in_the_place_of_the_same_text_and_after_another() -> None:
    form = QuickReplies(body="Which one?", options=(Option(title="Red"),))
    events = events_of(spoke("Which one?", form))
    assert texts(events, take(events, 0, None).outgoing) == ["I am a machine.", form]
    events = events_of(spoke("We have two.", form))
    assert texts(events, take(events, 0, None).outgoing) == ["I am a machine.\n\nWe have two.", form]


def test_emoji_beside_a_form_go_out() -> None:
    file = Attachment(url="https://shop.example.com/a.pdf", media_type="application/pdf")
    events = events_of(spoke("👍👍", file))
    assert texts(events, take(events, 0, None).outgoing) == ["I am a machine.\n\n👍👍", file]


def test_what_was_said_to_who_fetches_it_is_not_sent_later() -> None:
    found = spoke("Over HTTP.", sender=None)
    say(found, "By the channel.")
    events = events_of(found)
    assert texts(events, take(events, 0, None).outgoing) == ["By the channel."]


def test_a_form_can_be_said_in_parts_of_text() -> None:
    options = tuple(Option(title=f"Row {n}", description="d" * 72) for n in range(10))
    said = Spoken(interaction=None, text="x", rich=Choices(body="b" * 1024, button="Open", options=options))
    parts = instead(Outgoing(version=3, interaction=None, form="choices"), said)
    assert len(parts) == 2
    assert all(part.plain and part.form == "text" for part in parts)
    whole = " ".join(str(words(part, said, None)) for part in parts)
    assert all(f"Row {n}" in whole for n in range(10))


def test_numbers_of_passages_stay_where_they_can_be_looked_up() -> None:
    found = spoke("We rent tents. [1] A deposit is taken. [2][3]\n\nOpen [at nine].")
    events = events_of(found)
    (text,) = texts(events, take(events, 0, None).outgoing)
    assert isinstance(text, str)
    assert text.endswith("We rent tents. A deposit is taken.\n\nOpen [at nine].")
