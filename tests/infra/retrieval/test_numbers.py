"""Every number of a sheet stands in its row, whichever program wrote it. The whole of it, scans too, is measured by tests/soak/test_numbers.py."""

from __future__ import annotations

from random import Random

import pytest

from infra.retrieval.pdf import read_pdf
from tests.infra.retrieval.numbers.contents import Sheet, cents, columns, footnotes, sizes, wrapped
from tests.infra.retrieval.numbers.corpus import WRITERS, File, score
from tests.infra.retrieval.sheets import drawn


@pytest.mark.parametrize("kind", [sizes, wrapped, cents, footnotes, columns], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("writer", range(len(WRITERS)), ids=[name for name, _ in WRITERS])
def test_every_number_stands_in_its_row(writer: int, kind: type[Sheet]) -> None:
    name, written = WRITERS[writer]
    sheet = kind(Random(f"{kind.__name__} {name}"))
    found = score(file := File(name, written(sheet), sheet.rows, False), read_pdf(file.content))
    assert (found.right, found.wrong) == (found.total, [])
    assert found.total >= 30


def test_numbers_that_run_into_those_of_the_next_row_are_wrong() -> None:
    file = File("", b"", [["Tent", "1", "2.50"]], False)

    class Read:
        unread = ()
        pages = ((1, "Tent | 1 | 2.50 | 3"),)

    assert score(file, Read()).right == 1  # type: ignore[arg-type]
    Read.pages = ((1, "Tent | 12.50"),)
    assert score(file, Read()).right == 0  # type: ignore[arg-type]
    Read.pages = ((1, "Tent | 1 | 2.50"),)
    assert score(file, Read()).right == 2  # type: ignore[arg-type]


def page(*rows: tuple[float, float, str]) -> str:
    """Texts by their places, from the top of the page."""

    def draw(canvas: object) -> None:
        for x, y, text in rows:
            canvas.drawString(x, 800 - y, text)  # type: ignore[attr-defined]

    return read_pdf(drawn(draw)).pages[0][1]


def test_what_goes_on_below_stands_in_its_row_and_what_is_new_does_not() -> None:
    said = page(
        (72, 0, "Winter clothes"),
        (72, 14, "Jacket of Merino Wool and"),
        (72, 28, "Goose Down, Blue"),
        (300, 21, "4"),
        (400, 21, "129.00"),
        (72, 60, "Gloves, lined with the finest"),
        (300, 60, "12"),
        (400, 60, "19.90"),
        (72, 74, "fleece"),
        (72, 110, "Hats"),
        (72, 124, "Beanie"),
        (300, 124, "7"),
        (400, 124, "9.90"),
    )
    assert said.split("\n\n") == [
        "Winter clothes",
        "Jacket of Merino Wool and",
        "4 | 129.00",
        "Goose Down, Blue",
        "Gloves, lined with the finest fleece | 12 | 19.90",
        "Hats",
        "Beanie | 7 | 9.90",
    ]


def test_rows_with_no_room_between_them_take_what_goes_on_below_them() -> None:
    said = page(
        (72, 0, "Jacket of wool, which is"),
        (300, 0, "4"),
        (72, 14, "lined with silk"),
        (72, 28, "Gloves"),
        (300, 28, "12"),
        (72, 42, "Hats and caps"),
        (72, 56, "Beanie"),
        (300, 56, "7"),
    )
    assert said.split("\n\n") == [
        "Jacket of wool, which is lined with silk | 4",
        "Gloves | 12",
        "Hats and caps",
        "Beanie | 7",
    ]


def test_cells_that_stand_close_together_are_told_apart_by_those_below_them() -> None:
    said = page(
        (72, 0, "Article and its colour"),
        (187, 0, "Price"),
        (72, 30, "Tent"),
        (187, 30, "9.90"),
        (72, 60, "Lamp"),
        (187, 60, "8.50"),
    )
    assert said.split("\n\n")[0] == "Article and its colour | Price"
