"""A card of the one offer that an answer is about: which it is, what stands on it, and when the text goes out in its place."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from domain.answers.memory import Memory
from domain.answers.pictured import Pictured, on_show, pictured
from domain.conversations.offer_cards import offer_card
from domain.conversations.rich import Option
from domain.models.completion import Citation
from domain.shop.product import ProductFacts

MUG, LAMP, FAQ = UUID(int=1), UUID(int=2), UUID(int=3)
PICTURE = "https://shop.example.com/mug.jpg?v=2"


def offer(*images: str, id: UUID = MUG, name: str = "Blue mug") -> Pictured | None:
    facts = ProductFacts(name=name, price=Decimal("12.90"), currency="EUR", images=images)
    return pictured(id, facts)


def cites(*documents: UUID) -> list[Citation]:
    return [
        Citation(
            marker=n, passage=str(n), document=each, title="", source="document" if each == FAQ else "shop"
        )
        for n, each in enumerate(documents, 1)
    ]


def test_the_first_picture_is_shown_that_a_channel_takes() -> None:
    found = offer("http://shop.example.com/a.jpg", "https://shop.example.com/a.webp", PICTURE)
    assert found is not None
    assert (found.picture, found.media_type) == (PICTURE, "image/jpeg")
    assert offer("https://shop.example.com/mug") is None
    assert offer() is None


@pytest.mark.parametrize(
    ("cited", "viewed", "shown"),
    [
        ((MUG,), None, True),
        ((MUG, MUG, FAQ), None, True),
        ((MUG, LAMP), None, False),
        ((FAQ,), None, False),
        ((), None, False),
        ((LAMP,), None, False),
        ((MUG,), "Blue mug", False),
        ((MUG,), "Lamp", True),
    ],
)
def test_what_an_answer_rests_on_alone_is_shown_until_the_customer_has_looked_at_it(
    cited: tuple[UUID, ...], viewed: str | None, shown: bool
) -> None:
    mug = offer(PICTURE)
    assert mug is not None
    assert (on_show([mug], cites(*cited), Memory(product=viewed)) is mug) is shown


def test_a_card_tells_name_and_price_once() -> None:
    mug = offer(PICTURE)
    assert mug is not None
    for text in ("The blue mug costs 12.90 EUR.", "Blue Mug: 12,90 €"):
        card = offer_card(text, mug)
        assert card is not None
        assert (card.body, card.media, card.media_type) == (text, PICTURE, "image/jpeg")
    card = offer_card("It holds 300 ml.", mug, [Option(title="Saucer", id="s")])
    assert card is not None
    assert card.body == "Blue mug · 12.90 EUR\n\nIt holds 300 ml."
    assert [each.title for each in card.options] == ["Saucer"]


def test_what_no_card_holds_goes_out_as_a_text() -> None:
    mug = offer(PICTURE)
    assert mug is not None
    assert offer_card("x" * 1_025, mug) is None
    assert offer_card("Yes.", mug, [Option(title=title) for title in "abcd"]) is None
