"""What WhatsApp would refuse is refused before, by a text that names the limit; what it takes is taken."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.base.errors import Invalid
from domain.conversations.forms import as_text, choices
from domain.conversations.rich import LARGEST, Attachment, Card, Choices, Link, Option, QuickReplies, Rich

CHARACTERS = st.sampled_from(["a", "é", "ß", "漢", "😀", "\u0301", " ", "ي"])
PICTURE = "https://shop.example.com/p.jpg"


def texts(most: int) -> st.SearchStrategy[str]:
    """Around a limit: shorter, as long, and longer, of narrow and of wide characters."""
    near = st.integers(max(0, most - 3), most + 3)
    return st.builds(lambda unit, length: (unit * length)[: length + 3], CHARACTERS, near) | st.text(
        CHARACTERS, max_size=8
    )


def width(text: str) -> int:
    """As JavaScript, Java and Objective-C count, on which the clients run."""
    return sum(1 + (ord(character) > 0xFFFF) for character in text)


def fits(text: str, most: int) -> bool:
    return bool(text.strip()) and width(text) <= most


def taken(rich: Rich) -> bool:
    try:
        rich.check()
    except Invalid:
        return False
    return True


OPTIONS = st.lists(
    st.builds(Option, title=texts(20) | texts(24), id=st.just("") | texts(256) | texts(200)), max_size=12
)


@settings(max_examples=120, deadline=None)
@given(texts(1024), OPTIONS)
def test_quick_replies_are_taken_exactly_when_whatsapp_takes_them(body: str, options: list[Option]) -> None:
    rich = QuickReplies(body=body, options=tuple(options))
    titles = [option.title.strip() for option in options]
    keys = [(option.id or option.title).strip() for option in options]
    good = (
        fits(body, 1024)
        and 1 <= len(options) <= 3
        and all(fits(option.title, 20) and fits(option.id or option.title, 256) for option in options)
        and len(set(titles)) == len(set(keys)) == len(options)
    )
    assert taken(rich) is good


@settings(max_examples=120, deadline=None)
@given(texts(1024), texts(20), OPTIONS, st.none() | texts(72))
def test_lists_are_taken_exactly_when_whatsapp_takes_them(
    body: str, button: str, options: list[Option], description: str | None
) -> None:
    rows = tuple(msgspec.structs.replace(option, description=description) for option in options)
    titles = [row.title.strip() for row in rows]
    keys = [(row.id or row.title).strip() for row in rows]
    good = (
        fits(body, 1024)
        and fits(button, 20)
        and 1 <= len(rows) <= 10
        and all(fits(row.title, 24) and fits(row.id or row.title, 200) for row in rows)
        and (description is None or fits(description, 72))
        and len(set(titles)) == len(set(keys)) == len(rows)
    )
    assert taken(Choices(body=body, button=button, options=rows)) is good


@settings(max_examples=200, deadline=None)
@given(texts(1024), st.none() | texts(60), st.none() | st.just(PICTURE), st.lists(texts(20), max_size=5))
def test_cards_are_taken_exactly_when_whatsapp_takes_them(
    body: str, title: str | None, media: str | None, buttons: list[str]
) -> None:
    links = tuple(Link(title=each, url="https://shop.example.com/1") for each in buttons)
    rich = Card(body=body, title=title, media=media, media_type="image/jpeg", links=links)
    good = (
        fits(body, 1024)
        and (title is None or fits(title, 60))
        and not (title is not None and media is not None)
        and bool(title or media or links)
        and len(links) <= 3
        and all(fits(each, 20) for each in buttons)
        and len({each.strip() for each in buttons}) == len(buttons)
    )
    assert taken(rich) is good


@pytest.mark.parametrize("media_type", sorted(LARGEST))
@pytest.mark.parametrize("change", [-1, 0, 1])
def test_a_file_is_as_large_as_its_type_may_be(media_type: str, change: int) -> None:
    size = LARGEST[media_type] + change
    assert taken(Attachment(url=PICTURE, media_type=media_type, size=size)) is (change <= 0)


@pytest.mark.parametrize(
    ("rich", "limit"),
    [
        (QuickReplies(body="x", options=tuple(Option(title=f"o{i}") for i in range(4))), "1 to 3"),
        (QuickReplies(body="x", options=(Option(title="😀" * 11),)), "22 characters .* at most 20"),
        (QuickReplies(body="x", options=(Option(title="a", id="1"), Option(title="a ", id="2"))), "differ"),
        (QuickReplies(body="x", options=(Option(title="a\nb"),)), "one line"),
        (Choices(body="x", button="o", options=tuple(Option(title=f"o{i}") for i in range(11))), "1 to 10"),
        (Choices(body="", button="o", options=(Option(title="a"),)), "the body is empty"),
        (Choices(body="x", button="o", options=(Option(title="a", description="d" * 73),)), "at most 72"),
        (Card(body="x"), "send a text"),
        (Card(body="x", options=(Option(title="a"),), links=(Link(title="b", url=PICTURE),)), "all replies"),
        (Attachment(url=PICTURE, media_type="image/gif"), "no file of the type image/gif"),
        (Attachment(url="http://shop.example.com/a", media_type="image/png"), "https://"),
        (Attachment(url=PICTURE, media_type="application/pdf", caption="Terms"), "no caption"),
        (Attachment(url=PICTURE, media_type="image/png", caption="é" * 1025), "at most 1024"),
    ],
)
def test_a_refusal_names_the_limit(rich: Rich, limit: str) -> None:
    with pytest.raises(Invalid, match=limit):
        rich.check()


def test_three_are_buttons_ten_a_list_more_a_numbered_text() -> None:
    def form(count: int, title: str = "Option") -> Any:
        return choices("Which one?", [Option(title=f"{title} {i}") for i in range(count)], "Choose")

    assert [type(form(count)) for count in (1, 3, 4, 10, 11)] == [
        QuickReplies,
        QuickReplies,
        Choices,
        Choices,
        str,
    ]
    assert isinstance(form(2, "A title of 21 chars"), Choices)
    assert form(2, "A title of more than a row has") == (
        "Which one?\n\n1. A title of more than a row has 0\n2. A title of more than a row has 1"
    )


@settings(max_examples=200, deadline=None)
@given(texts(1024), OPTIONS)
def test_whatever_form_is_chosen_is_taken_and_nothing_is_lost(body: str, options: list[Option]) -> None:
    form = choices(body, options, "Choose")
    text = form if isinstance(form, str) else as_text(form)
    assert isinstance(form, str) or taken(form)
    assert body in text
    assert all(option.title in text for option in options)


def test_a_card_and_a_file_can_be_read_as_text() -> None:
    card = Card(body="Red, 42", title="Shoe", links=(Link(title="Buy", url="https://shop.example.com/1"),))
    assert as_text(card) == "Shoe\n\nRed, 42\n\nBuy: https://shop.example.com/1"
    file = Attachment(url=PICTURE, media_type="image/jpeg", caption="The shoe")
    assert as_text(file) == f"The shoe\n\n{PICTURE}"


@pytest.mark.parametrize(
    "rich",
    [
        QuickReplies(body="x", options=(Option(title="a"),)),
        Choices(body="x", button="y", options=(Option(title="a", id="1", description="b"),)),
        Card(body="x", title="t"),
        Attachment(url=PICTURE, media_type="image/png"),
    ],
)
def test_a_form_is_the_same_after_it_was_stored(rich: Rich) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(rich), type=Rich) == rich
