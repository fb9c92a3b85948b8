"""What PDFs say comes out as it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from domain.base.sentences import paragraphs
from domain.retrieval.chunking import chunk
from infra.retrieval.pdf import read_pdf
from tests.infra.retrieval.pdfs import pdf
from tests.infra.retrieval.sheets import PROSE, SHEETS, Sheet, drawn, font, price_list, two_columns


def texts(content: bytes) -> list[str]:
    return [text for _, text in read_pdf(content).pages]


def text(draw: Callable[[Canvas], None], **options: Any) -> str:
    return texts(drawn(draw, **options))[0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("name", "make"), SHEETS, ids=[name for name, _ in SHEETS])
def test_every_number_stands_in_its_row(name: str, make: Callable[[int], Sheet], seed: int) -> None:
    content, rows = make(seed)
    said = [line for page in texts(content) for line in paragraphs(page)]
    missing = [row for row in rows if " | ".join(row) not in said]
    assert not missing, (name, missing, said)


def test_rows_are_statements_of_their_own_in_chunks_and_no_sections() -> None:
    content, rows = price_list(7)
    pieces = chunk(read_pdf(content).pages, lambda text: len(text.split()))
    lines = [line for piece in pieces for line in piece.text.splitlines()]
    assert all(" | ".join(row) in lines for row in rows)
    assert not any("|" in (piece.section or "") for piece in pieces)


def test_titles_and_numbers_of_pages_stand_once_at_most_and_the_head_of_a_table_on_each_page() -> None:
    pages = texts(price_list(1)[0])
    assert len(pages) > 2
    together = "\n".join(pages)
    assert together.count("Nordfell price list 2026") == 1
    assert "of 4" not in together
    assert all("Article | Number | Stock | Price" in page for page in pages)


def test_the_same_price_in_the_same_place_of_each_page_stays() -> None:
    pages = texts(pdf(*(f"Tent {n}\nPrice 139 euros\nWeight {n} kg" for n in range(1, 6))))
    assert all("Price 139 euros" in page for page in pages)
    assert [f"Weight {n} kg" in page for n, page in enumerate(pages, 1)] == [True] * 5


def test_columns_are_read_one_after_the_other() -> None:
    (said,) = [" ".join(page.split()) for page in texts(two_columns(1)[0])]
    assert said.count(PROSE.strip()) == 14


def test_what_lies_outside_the_crop_box_is_not_said() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setCropBox((0, 100, 595, 842))
        canvas.drawString(72, 700, "Price 10.00")
        canvas.drawString(72, 50, "Cutting mark 99")

    assert text(draw) == "Price 10.00"


@pytest.mark.parametrize("shown", [True, False])
def test_a_layer_that_is_off_is_not_said(shown: bool) -> None:
    content = layered(shown)
    assert ("Old price 99.00" in texts(content)[0]) is shown
    assert "New price 89.00" in texts(content)[0]


def layered(shown: bool) -> bytes:
    stream = b"BT /F1 12 Tf 72 700 Td (New price 89.00) Tj ET /OC /L1 BDC BT /F1 12 Tf 72 650 Td (Old price 99.00) Tj ET EMC"
    off = b"" if shown else b"6 0 R"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [6 0 R] /D << /OFF [" + off + b"] >> >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources "
        b"<< /Font << /F1 5 0 R >> /Properties << /L1 6 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /OCG /Name (Prices of 2025) >>",
    ]
    body = b"%PDF-1.5\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % each for each in enumerate(objects, 1))
    return body + b"trailer << /Root 1 0 R /Size 7 >>\n%%EOF\n"


def test_a_box_that_is_ticked_is_no_number() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "Agreed")
        canvas.acroForm.checkbox(name="agreed", checked=True, x=200, y=695)
        canvas.drawString(72, 600, "Refused")
        canvas.acroForm.checkbox(name="refused", checked=False, x=200, y=595)

    assert not re.search(r"\d", text(draw))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["Our delivery by ship-", "ment is free of charge"], "Our delivery by shipment is free of charge"),
        (
            ["The order has number A-", "1234 and is on its way"],
            "The order has number A-1234 and is on its way",
        ),
        (
            ["They come in sizes 42-", "44 and in none else here"],
            "They come in sizes 42-44 and in none else here",
        ),
        (
            ["Please write us an E-", "Mail with all your wishes"],
            "Please write us an E-Mail with all your wishes",
        ),
        (["Wir haben Herren-", "und Damenschuhe im Laden"], "Wir haben Herren- und Damenschuhe im Laden"),
    ],
)
def test_hyphens_at_a_lines_end(lines: list[str], said: str) -> None:
    assert " ".join(texts(pdf("\n".join(lines)))[0].split()) == said


def test_soft_hyphens_are_not_said() -> None:
    pdfmetrics.registerFont(TTFont("DejaVuSans", font()))

    def draw(canvas: Canvas) -> None:
        canvas.setFont("DejaVuSans", 10)
        canvas.drawString(72, 700, "Our Liefer\u00adbedingungen are in the ap\u00ad")
        canvas.drawString(72, 688, "pendix to this contract which we sent")

    assert text(draw).split() == [
        "Our",
        "Lieferbedingungen",
        "are",
        "in",
        "the",
        "appendix",
        "to",
        "this",
        "contract",
        "which",
        "we",
        "sent",
    ]


def test_a_pdf_with_an_empty_password_for_readers_opens() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "Price 10.00")

    assert text(draw, encrypt=StandardEncryption("", ownerPassword="owner", canPrint=0)) == "Price 10.00"


def test_a_mark_at_an_angle_does_not_stand_in_rows() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "Tent")
        canvas.drawString(300, 700, "329.00")
        canvas.translate(250, 690)
        canvas.rotate(45)
        canvas.drawString(0, 0, "Draft 7")

    assert text(draw) == "Tent | 329.00\n\nDraft 7"


def test_a_price_in_large_letters_with_its_currency_before_it() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(90, 709, "$")
        canvas.setFont("Helvetica", 20)
        canvas.drawString(96, 700, "19")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(118.5, 707, "99")

    assert text(draw) == "$19.99"


def test_pages_that_show_something_and_have_no_text_are_told() -> None:
    def draw(canvas: Canvas) -> None:
        for page in range(5):
            if page in (0, 4):
                canvas.drawString(72, 700, "A text")
            elif page != 2:
                canvas.rect(100, 100, 300, 300, fill=1)
            canvas.showPage()

    assert read_pdf(drawn(draw)).unread == [2, 4]


def test_raised_cents_that_are_drawn_letter_by_letter() -> None:
    def draw(canvas: Canvas) -> None:
        for size, x, y, letter in [
            (20, 96, 700, "1"),
            (20, 107.1, 700, "9"),
            (10, 118.5, 707, "9"),
            (10, 124.1, 707, "5"),
        ]:
            canvas.setFont("Helvetica", size)
            canvas.drawString(x, y, letter)

    assert text(draw) == "19.95"
