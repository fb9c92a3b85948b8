from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zlib import crc32

import pytest

from domain.models.completion import Passage, Source
from domain.retrieval.conflicts.conflicts import Conflict, Conflicts, conflict_lines, disagreements, resolved
from domain.retrieval.conflicts.quantities import quantities

CAME: dict[UUID, datetime] = {}
DAY = datetime(2026, 11, 29, tzinfo=UTC)
OLD, NEW = {"title": "terms 2024", "age": 400}, {"title": "terms 2026", "age": 3}


def passage(
    text: str,
    *,
    title: str = "FAQ",
    section: str | None = None,
    age: int = 0,
    source: Source = "document",
) -> Passage:
    """`age` in days."""
    document = UUID(int=crc32(f"{title} {text}".encode()))
    CAME[document] = DAY - timedelta(days=age)
    return Passage(
        id=f"{title}/{text[:12]}/{age}",
        document=document,
        title=title,
        ordinal=0,
        section=section,
        score=0.5,
        text=text,
        source=source,
    )


def conflicts_of(passages: Sequence[Passage]) -> Conflicts:
    return resolved(disagreements(passages), passages, {} if passages[0].source != "document" else CAME)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Returns are accepted within 14 days.", "We accept returns within 30 days."),
        ("Standard shipping costs 5,99 €.", "Standard shipping | EUR 4.99"),
        ("Hello. We are open on Sundays from 9:00 to 18:00, always.", "Always open on Sundays 9 am - 8 pm."),
        ("Die Lieferzeit für Pakete beträgt 3 Werktage.", "Die Lieferzeit für Pakete beträgt zurzeit 2 - 5 Tage."),
        ("The garage repairs bikes in 2 weeks.", "The garage repairs bikes in 10 days."),
        ("Members get 10 % off all tents.", "Members get 15% off all tents."),
    ],
)  # fmt: skip
def test_other_figures_for_the_same_thing_are_a_conflict_and_the_newer_document_counts(
    one: str, other: str
) -> None:
    old, new = passage(one, **OLD), passage(other, **NEW)  # type: ignore[arg-type]
    for passages in ((old, new), (new, old)):
        conflicts = conflicts_of(passages)
        ids = (passages[0].id, passages[1].id)
        assert conflicts.found == (Conflict(passages=ids, preferred=new.id, why="newer"),)
        assert len(conflicts.overruled) == 1
        assert conflicts.overruled[0] in old.text
        told = conflict_lines(conflicts.found, passages)
        assert told == [
            "Documents 1 and 2 give different figures for what seems to be the same thing: "
            f"go by document {passages.index(new) + 1}, which is the newer one."
        ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Returns are accepted within 14 days.", "We accept returns within 14 working days, or two weeks."),
        ("Returns are accepted within 14 days.", "Returns are accepted within 2 weeks."),
        ("The garage opens at 6 pm on Mondays.", "On Mondays the garage opens at 18:00."),
        ("Standard shipping costs 1.299,00 €.", "Standard shipping costs € 1,299."),
        ("Standard shipping costs 5.99 €.", "Express shipping costs 9.99 €."),
        ("Standard shipping costs 5.99 €.", "Standard shipping abroad to islands costs 15.99 €."),
        ("Standard shipping costs 5.99 €.", "Standard shipping takes 3 days."),
        ("Standard shipping costs 5.99 €.", "Standard shipping costs 5.49 $."),
        ("Pay within 14 days.", "Pay within 30 days."),
        ("Since 29.11.2026 there are 12 shops.", "Since 28.11.2025 there are 11 shops."),
        ("It takes 2 to 3 days for parcels abroad.", "It takes 3 days for parcels abroad."),
    ],
)
def test_what_is_the_same_or_of_something_else_is_none(one: str, other: str) -> None:
    assert conflicts_of([passage(one, **OLD), passage(other, **NEW)]).found == ()  # type: ignore[arg-type]


def test_two_products_have_figures_of_their_own() -> None:
    lamps = [
        passage("The trail lamp. Battery life: 10 hours.", title="Trail lamp"),
        passage("The city lamp. Battery life: 14 hours.", title="City lamp"),
    ]
    assert conflicts_of(lamps).found == ()


def test_one_document_does_not_conflict_with_itself() -> None:
    first = passage("Standard shipping costs 5.99 €.")
    text = "Standard shipping costs 4.99 €."
    second = Passage(id="2", document=first.document, title="FAQ", ordinal=1, score=0.4, text=text)
    assert conflicts_of([first, second]).found == ()


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        (("document", "shop"), "catalogue"),
        (("knowledge", "shop"), "catalogue"),
        (("document", "knowledge"), "knowledge base"),
        (("knowledge", "knowledge"), "unknown"),
    ],
)
def test_the_catalogue_counts_before_what_was_written_however_old_it_is(
    sources: tuple[Source, Source], why: str
) -> None:
    written = passage("The trekking pole Alpha costs 59.90 €.", source=sources[0], age=1)
    better = passage("Price: 49.90 EUR\nIn stock: 3", title="Trekking pole Alpha", source=sources[1], age=500)
    conflicts = conflicts_of([written, better])
    [conflict] = conflicts.found
    assert (conflict.preferred, conflict.why) == (None if why == "unknown" else better.id, why)
    assert conflicts.overruled == (() if why == "unknown" else (written.text,))
    [line] = conflict_lines(conflicts.found, [written, better])
    assert line.endswith(
        "say that it is not certain." if why == "unknown" else f"go by document 2, which is from the {why}."
    )


def test_many_passages_are_compared_within_bounds() -> None:
    rows = [f"Part number {chr(97 + n % 26)}x{n} costs {n}.50 €.\n" for n in range(400)]
    assert conflicts_of([passage("".join(rows), title=f"list {n}", age=n) for n in range(50)]).found == ()


def test_quantities_are_read_in_whatever_notation() -> None:
    assert quantities("1.299,00 € or 2 to 3 working days, 9-18 Uhr, since 29.11.2026, 7 lamps, $5") == {
        "EUR": [{Decimal(1299)}],
        "minutes": [{Decimal(2880)}, {Decimal(4320)}],
        "o'clock": [{Decimal(9)}, {Decimal(18)}],
        "USD": [{Decimal(5)}],
    }


def test_a_price_without_a_currency_is_one_by_its_label() -> None:
    any_currency = {unit: [frozenset({Decimal("12.90")})] for unit in ("CHF", "EUR", "GBP", "USD")}
    assert quantities("sku: A-1; name: Blue mug; price: 12.90") == any_currency
    assert quantities("Preis: 12,90") == any_currency
    for text in ("Price (EUR): 12.90", "Preis in €: 12,90", "Price: 12.90 EUR", "Price: EUR 12.90"):
        assert quantities(text) == {"EUR": [frozenset({Decimal("12.90")})]}, text
    for text in ("Stock: 12", "Article: 12.90", "The price went up 3", "Price list: 2026-11-30"):
        assert quantities(text) == {}, text


def test_a_row_of_a_list_without_currencies_is_overruled_by_the_catalogue() -> None:
    offer = passage("Blue mug\nHolds 300 ml.\nPrice: 15.50 EUR\nkitchen", title="Blue mug", source="shop")
    row = "sku: A-1; name: Blue mug; price: 12.90"
    rows = passage(f"{row}\nsku: A-2; name: Red mug; price: 13.90", title="c.csv")
    found = conflicts_of([rows, offer])
    assert [(each.preferred, each.why) for each in found.found] == [(offer.id, "catalogue")]
    assert found.overruled == (row,)
    same = passage("sku: A-1; name: Blue mug; price: 15.50", title="c.csv")
    assert conflicts_of([same, offer]) == Conflicts()


def test_rows_of_two_lists_are_compared_by_what_stands_in_them_not_by_their_columns() -> None:
    old = passage("Name: Blue mug; Material: enamel; Price: 12.90 EUR", title="list 2024", age=400)
    new = passage("Article: Blue mug; Made of: enamel; Preis: 14.90 EUR", title="list 2026")
    assert [each.preferred for each in conflicts_of([old, new]).found] == [new.id]
    other = passage("Article: Red mug; Made of: steel; Preis: 14.90 EUR", title="list 2026")
    assert conflicts_of([old, other]) == Conflicts()
