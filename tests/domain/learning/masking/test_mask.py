"""The mask: what is personal is gone, in every language that understanding knows; what a business says of itself stays."""

from __future__ import annotations

from random import Random

import pytest

from domain.learning.masking import Mask
from tests.domain.learning.canaries import canaries


def masked(text: str, *known: str, kept: tuple[str, ...] = ()) -> str:
    return Mask((text,), known, kept)(text)


def test_no_piece_of_a_made_up_person_is_left() -> None:
    left = [
        (text, masked(text)) for text, secret in canaries(1000, Random(7)) if secret in masked(text).lower()
    ]
    assert left == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to Ann.Lee+x@shop.example.co.uk.", "Write to [MAIL]."),
        ("call +49 (0)170 1234567 or 030/12345678", "call [PHONE] or [PHONE]"),
        ("my card is 4111-1111-1111-1111", "my card is [NUMBER]"),
        ("IBAN DE89 3704 0044 0532 0130 00!", "IBAN [NUMBER]!"),
        ("my pin is 4321", "my pin is [NUMBER]"),
        ("born 12.03.1980 or 3 March 1980", "born [DATE] or [DATE]"),
        ("https://shop.example/track?mail=a@b.example", "[LINK]"),
        ("Dear Mr O'Brien-Smith, hello", "Dear Mr [NAME], hello"),
        ("Ich heiße Jürgen von der Heide.", "Ich heiße [NAME]."),
        ("12 High Street, London SW1A 1AA", "[ADDRESS]"),
        ("in der Hauptstraße 5a, 50667 Köln, bitte", "in der [ADDRESS], bitte"),
        ("[location 52.5, 13.4: Home, Main St 1] here", "[ADDRESS] here"),
        ("Please tell Ahmed Yilmaz that", "Please tell [NAME] that"),
    ],
)
def test_each_kind_has_a_placeholder(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "We are open from 9:00 to 18:30, on Sundays until 2 pm.",
        "It costs 1.299,00 € or $24.99; delivery is free from 50 EUR.",
        "Returns are taken for 30 days, with the receipt, since 2026-11-01.",
        "Hello, how can I help you? Thanks for waiting!",
        "Hallo, ich bin Kunde und warte seit drei Tagen auf die Lieferung.",
        "Bonjour, je suis client depuis longtemps. Merci beaucoup !",
        "Press 1 for orders, 2 for returns. See https://shop.example/help.",
        "Dear customer, thank you for your message.",
        "Sehr geehrte Damen und Herren, vielen Dank.",
        "The size 42 runs small: take 43 or 44.",
        "Can I change my order? I am looking for a red one.",
        "Большое спасибо, всё работает.",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    mask = Mask((text,))
    assert (mask(text), dict(mask.counts)) == (text, {})


def test_a_name_that_is_told_once_is_known_in_all_texts_of_the_exchange() -> None:
    texts = ("My name is Zora Quill.", "zora said that QUILL's parcel is lost", "Thanks, Zora!")
    mask = Mask(texts)
    assert [mask(text) for text in texts] == [
        "My name is [NAME].",
        "[NAME] said that [NAME] parcel is lost",
        "Thanks, [NAME]!",
    ]
    assert mask.counts["name"] == 4


def test_names_of_the_conversation_are_known_without_being_told() -> None:
    assert masked("jose is waiting; José Álvarez too", "José Álvarez ♥") == "[NAME] is waiting; [NAME] too"
    assert masked("a König wrote; der könig nicht", "König") == "a [NAME] wrote; der könig nicht"
    assert masked("may I ask May?", "May Best") == "may I ask [NAME]?"


def test_words_of_the_business_stay() -> None:
    text = "Is the WH-1000XM5 by Rosa Klein in stock?"
    assert masked(text, kept=("WH-1000XM5", "Rosa Klein")) == text
    assert "WH-1000XM5" not in masked(text)


def test_long_and_odd_texts_come_to_an_end() -> None:
    """Each as long as a message may be."""
    for piece in (
        "a ",
        "1",
        "A1-",
        "Dear ",
        "[",
        "Ann von ",
        "1 Rue de la ",
        "Word ",
        "x.",
        "@",
        "https://",
        "0 ",
    ):
        masked((piece * 8_000)[:8_000])


def test_numbered_placeholders_are_the_same_for_the_same_and_others_for_others() -> None:
    texts = (
        "My name is Zora Quill, +49 170 1234567, at 12 High Street, London",
        "Ring +49 (0)170-1234567? No: 030 5551234. Zora's order 48291733, for Zora Quill.",
    )
    mask = Mask(texts, numbered=True)
    assert [mask(text) for text in texts] == [
        "My name is [NAME_1], [PHONE_1], at [ADDRESS_1]",
        "Ring [PHONE_2]? No: [PHONE_3]. [NAME_2] order [NUMBER_1], for [NAME_1].",
    ]
    assert mask.distinct == {"address": 1, "name": 2, "number": 1, "phone": 3}
    assert mask(mask(texts[0])) == mask(texts[0])
