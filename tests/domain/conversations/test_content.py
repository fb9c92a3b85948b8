from __future__ import annotations

from uuid import UUID, uuid4

import msgspec
import pytest

from domain.base.errors import Erased, Invalid
from domain.conversations.content import (
    Choice,
    Contacts,
    Flow,
    Location,
    Media,
    Part,
    Quote,
    Referral,
    Unknown,
    media_of,
    said,
)
from domain.conversations.conversation import Conversation
from tests.domain.given import NOW, when

PHOTO = Media(id=UUID(int=1), url="https://media.example.com/1", content_type="image/jpeg")
BILL = Media(
    id=UUID(int=2), url="https://media.example.com/2", content_type="application/pdf", name="bill.pdf"
)
CARD = Media(id=UUID(int=3), url="https://media.example.com/3", content_type="text/vcard")
HERE = Location(latitude=52.52, longitude=13.405, label="Home")


def conversation() -> Conversation:
    return Conversation.start(uuid4(), channel="whatsapp", address="whatsapp:+15550100101", name=None, at=NOW)


@pytest.mark.parametrize(
    ("text", "parts", "told"),
    [
        ("hello", (), "hello"),
        ("", (PHOTO,), "[image]"),
        ("my receipt", (PHOTO,), "[image: my receipt]"),
        ("my receipt", (BILL,), "[document bill.pdf: my receipt]"),
        ("both", (PHOTO, BILL), "[image] [document bill.pdf] both"),
        ("", (HERE,), "[location 52.52, 13.405: Home]"),
        ("here", (HERE,), "[location 52.52, 13.405: Home] here"),
        ("", (Contacts(cards=(CARD,)),), "[contact card]"),
        ("Yes", (Choice(kind="button", id="yes-1", title="Yes"),), "Yes"),
        ("", (Choice(kind="list", id="a", title="Returns"),), "Returns"),
        ("as you said", (Quote(message="SM1"),), "as you said"),
        ("look", (PHOTO, Quote(message="SM1")), "[image: look]"),
        ("hi", (Referral(headline="Sale", body="Shoes"),), "[came from an advertisement: Sale: Shoes] hi"),
        ("", (Flow(data='{"size":"42"}'),), '[form: {"size":"42"}]'),
        ("", (Unknown(kind="poll"),), "[poll: can't be shown here]"),
    ],
)
def test_a_message_is_said_in_one_text_with_what_came_beside_it(
    text: str, parts: tuple[Part, ...], told: str
) -> None:
    assert said(text, parts) == told


def test_a_part_goes_through_the_log_and_comes_back_as_what_it_was() -> None:
    parts: tuple[Part, ...] = (PHOTO, HERE, Contacts(cards=(CARD,)), Unknown(kind="poll"))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(parts), type=tuple[Part, ...]) == parts


def test_contact_cards_are_files_too() -> None:
    assert list(media_of((PHOTO, HERE, Contacts(cards=(CARD,))))) == [PHOTO, CARD]


def test_a_message_of_parts_alone_is_taken_and_stands_in_the_history_as_it_is_said() -> None:
    found = conversation()
    found.receive(message="SM1", text="", interaction=uuid4(), at=NOW, parts=(PHOTO,))
    assert [turn.text for turn in found.state.history] == ["[image]"]
    assert found.pending is not None
    assert found.pending.messages[0].parts == (PHOTO,)
    with pytest.raises(Invalid):
        found.receive(message="SM2", text=" ", interaction=uuid4(), at=NOW)


def test_a_conversation_delivers_where_its_latest_message_came_by_a_channel_and_to_where_that_came_from() -> (
    None
):
    found = conversation()
    assert not found.delivers
    facts = {"interaction": uuid4(), "at": NOW, "sender": "whatsapp:+14155238886"}
    found.receive(message="SM1", text="a", address="whatsapp:+15550100101", **facts)  # type: ignore[arg-type]
    assert (found.delivers, found.recipient) == (True, "whatsapp:+15550100101")
    found.receive(message="SM2", text="b", address="whatsapp:DE.4815", **facts)  # type: ignore[arg-type]
    assert (found.state.sender, found.recipient) == ("whatsapp:+14155238886", "whatsapp:DE.4815")
    found.receive(message="m3", text="c", interaction=uuid4(), at=NOW)
    assert (found.delivers, found.recipient) == (False, "whatsapp:+15550100101")


def test_a_notice_is_kept_opens_nothing_and_waits_for_no_answer() -> None:
    found = conversation()
    found.close(None, NOW)
    (event,) = when(found, lambda: found.notice(notice="SM1", kind="reaction", text="👍", at=NOW))
    assert isinstance(event, Conversation.NoticeReceived)
    assert (found.state.open, found.pending, found.state.history) == (False, None, [])


def test_consent_is_kept_once_and_taken_back_once() -> None:
    found = conversation()
    assert when(found, lambda: found.opt("in", "START", NOW)) == []
    assert len(when(found, lambda: found.opt("out", "STOP", NOW))) == 1
    assert found.state.opted_out == NOW
    assert when(found, lambda: found.opt("out", "STOP", NOW)) == []
    assert len(when(found, lambda: found.opt("in", "START", NOW))) == 1
    assert found.state.opted_out is None


def test_nothing_comes_into_an_erased_conversation() -> None:
    found = conversation()
    found.forget(NOW)
    for command in (
        lambda: found.notice(notice="SM1", kind="reaction", at=NOW),
        lambda: found.opt("out", "STOP", NOW),
    ):
        with pytest.raises(Erased):
            command()
