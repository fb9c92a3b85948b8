"""PDFs as shops have them: lists of prices, sizes, stock, each with what stands in it. Made by reportlab, and object by object as other programs write."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    PageTemplate,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

Rows = list[list[str]]
Sheet = tuple[bytes, Rows]
"""A PDF, and the rows that stand in it."""
PROSE = (
    "Unworn shoes can be returned within 30 days of delivery. The refund of up to 250 euros arrives within five working days after we have "
    "checked the parcel. Sending it back costs 3.90 euros unless the article is faulty. "
)


def drawn(draw: Callable[[Canvas], None], size: tuple[float, float] = A4, **options: Any) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=size, invariant=1, **options)
    draw(canvas)
    canvas.save()
    return file.getvalue()


def price_list(seed: int) -> Sheet:
    """A table with a grid that goes over pages, its head on each, a title and the number of the page."""
    random = Random(seed)
    rows = [
        [
            f"Article {n}",
            f"A-{random.randint(1000, 9999)}-{n}",
            f"{random.randint(1, 99)}",
            f"{random.randint(1, 999)}.{random.randint(0, 99):02}",
        ]
        for n in range(120)
    ]
    head = ["Article", "Number", "Stock", "Price"]
    table = Table([head, *rows], repeatRows=1, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)])

    def around(canvas: Canvas, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(72, 815, "Nordfell price list 2026")
        canvas.drawString(300, 20, f"Page {document.page} of 4")

    file = io.BytesIO()
    SimpleDocTemplate(file, pagesize=A4, invariant=1).build([table], onFirstPage=around, onLaterPages=around)
    return file.getvalue(), rows


def narrow_table(seed: int, *, gap: float, per_glyph: bool = False) -> Sheet:
    """Numbers beside each other with little room between them, drawn one by one, or letter by letter."""
    random = Random(seed)
    rows = [
        [
            str(random.randint(36, 47)),
            f"{random.randint(1, 9)}.99",
            str(random.randint(0, 9)),
            str(random.randint(100, 999)),
        ]
        for _ in range(20)
    ]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        widths = [
            max(pdfmetrics.stringWidth(row[place], "Helvetica", 10) for row in rows) for place in range(4)
        ]
        for number, row in enumerate(rows):
            x = 72.0
            for place, cell in enumerate(row):
                x += widths[place]
                at = x - pdfmetrics.stringWidth(cell, "Helvetica", 10)  # flush right
                for letter in cell if per_glyph else [cell]:
                    canvas.drawString(at, 780 - 14 * number, letter)
                    at += pdfmetrics.stringWidth(letter, "Helvetica", 10)
                x += gap

    return drawn(draw), rows if gap > 10 else [[" ".join(row)] for row in rows]


def size_chart(seed: int, *, turned: bool) -> Sheet:
    """A wide table on a landscape page: one that is wide, or one that is upright and turned by 90 degrees."""
    random = Random(seed)
    rows = [
        [name, *(str(random.randint(20, 120)) for _ in range(8))]
        for name in ("Chest", "Waist", "Hips", "Arm", "Leg", "Neck", "Foot")
    ]

    def draw(canvas: Canvas) -> None:
        if turned:
            canvas.setPageRotation(90)
            canvas.rotate(90)
            canvas.translate(0, -595)
        canvas.setFont("Helvetica", 11)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                canvas.drawString(60 + 80 * place, 500 - 16 * number, cell)

    return drawn(draw, landscape(A4)), rows  # for a turned page reportlab exchanges the sides


def superscript_cents(seed: int, mark: str) -> Sheet:
    """Cents raised and small, and a footnote at some prices."""
    random = Random(seed)
    rows, plain = [], []
    for n in range(12):
        rows.append([f"Flyer article {n}", str(random.randint(1, 399)), f"{random.randint(0, 99):02}"])
        plain.append([f"Plain article {n}", f"{random.randint(1, 399)}{mark}{random.randint(0, 99):02}"])

    def draw(canvas: Canvas) -> None:
        y = 800.0
        for name, price in plain:
            canvas.setFont("Helvetica", 10)
            canvas.drawString(72, y, name)
            canvas.drawString(300, y, price)
            y -= 16
        for place, (name, whole, cents) in enumerate(rows):
            canvas.setFont("Helvetica", 10)
            canvas.drawString(72, y, name)
            canvas.setFont("Helvetica-Bold", 20)
            canvas.drawString(300, y, whole)
            end = 300 + pdfmetrics.stringWidth(whole, "Helvetica-Bold", 20)
            canvas.setFont("Helvetica-Bold", 11)
            canvas.drawString(end + 0.5, y + 7, cents)
            if place % 3 == 0:
                canvas.setFont("Helvetica", 6)
                canvas.drawString(end + 14, y + 9, "1")
            y -= 28

    told = [
        [name, f"{whole}{mark}{cents}" + (" ¹" if place % 3 == 0 else "")]
        for place, (name, whole, cents) in enumerate(rows)
    ]
    return drawn(draw), plain + told


def footnotes(seed: int) -> Sheet:
    """Numbers of footnotes at prices, measures and words, by markup."""
    random = Random(seed)
    style = getSampleStyleSheet()["BodyText"]
    amounts = [f"{random.randint(100, 999)}.00" for _ in range(10)]
    cells = [
        [
            Paragraph(f"Tent {n}", style),
            Paragraph(f"{amount}<super>{n % 9 + 1}</super>", style),
            Paragraph(f"{n + 2} m<super>2</super>", style),
        ]
        for n, amount in enumerate(amounts)
    ]
    file = io.BytesIO()
    SimpleDocTemplate(file, pagesize=A4, invariant=1).build(
        [Table(cells), Spacer(1, 40), Paragraph("<super>1</super> With 19 % VAT", style)]
    )
    return file.getvalue(), [
        [f"Tent {n}", f"{amount} {'¹²³⁴⁵⁶⁷⁸⁹'[n % 9]}", f"{n + 2} m²"] for n, amount in enumerate(amounts)
    ] + [["¹ With 19 % VAT"]]


def two_columns(seed: int) -> Sheet:
    """Text in two columns, with a list of prices in the second."""
    random = Random(seed)
    style = getSampleStyleSheet()["BodyText"]
    rows = [
        [f"Workshop service {n}", f"{random.randint(10, 99)}.{random.randint(0, 99):02}"] for n in range(14)
    ]
    left, right = Frame(60, 60, 220, 720), Frame(315, 60, 220, 720)
    file = io.BytesIO()
    document = BaseDocTemplate(file, pagesize=A4, invariant=1)
    document.addPageTemplates(PageTemplate(frames=[left, right]))
    document.build([Paragraph(PROSE, style) for _ in range(14)] + [Table(rows)])
    return file.getvalue(), rows


def form(seed: int) -> Sheet:
    """A form, filled in."""
    random = Random(seed)
    rows = [[name, f"{random.randint(100, 999)}.50"] for name in ("Deposit", "Rent", "Cleaning")]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for number, (name, amount) in enumerate(rows):
            canvas.drawString(72, 700 - 40 * number, name)
            canvas.acroForm.textfield(
                name=name, value=amount, x=200, y=692 - 40 * number, width=100, height=20, fontSize=10
            )
        canvas.drawString(72, 500, "Agreed")
        canvas.acroForm.checkbox(name="agreed", checked=True, x=200, y=495)

    return drawn(draw), rows


def right_to_left(seed: int) -> Sheet:
    """Hebrew, as it is drawn: letters turned round, numbers not."""
    random = Random(seed)
    name, words = "DejaVuSans", ("מספר", "עד")
    pdfmetrics.registerFont(TTFont(name, font()))
    rows = [
        ["אוהל", f"{random.randint(100, 999)}-{random.randint(1000, 9999)}", f"{random.randint(1, 99)}.90"]
        for _ in range(10)
    ]

    def draw(canvas: Canvas) -> None:
        canvas.setFont(name, 11)
        canvas.drawRightString(520, 800, f"20:30 {words[1][::-1]} 12-345 {words[0][::-1]}")
        for number, row in enumerate(rows):
            canvas.drawRightString(520, 760 - 18 * number, row[0][::-1])
            canvas.drawRightString(380, 760 - 18 * number, row[1])
            canvas.drawRightString(240, 760 - 18 * number, row[2])

    return drawn(draw), [[" ".join([words[0], "12-345", words[1], "20:30"])], *rows]


def leaders(seed: int) -> Sheet:
    """A menu: dots from the name to the price."""
    random = Random(seed)
    rows = [[f"Coffee {n}", f"{random.randint(2, 9)},{random.randint(0, 9)}0 €"] for n in range(15)]

    def draw(canvas: Canvas) -> None:
        for n, (name, price) in enumerate(rows):
            canvas.drawString(72, 780 - 15 * n, f"{name} {'.' * 40} {price}")

    return drawn(draw), rows


def font() -> str:
    """A font with more letters than Latin ones, from reportlab's own or the system's."""
    return str(next(iter([*Path("/usr/share/fonts").rglob("DejaVuSans.ttf")])))


SHEETS: Sequence[tuple[str, Callable[[int], Sheet]]] = [
    ("price list", price_list),
    ("narrow", lambda seed: narrow_table(seed, gap=12)),
    ("very narrow", lambda seed: narrow_table(seed, gap=3)),
    ("narrow, by letters", lambda seed: narrow_table(seed, gap=12, per_glyph=True)),
    ("landscape", lambda seed: size_chart(seed, turned=False)),
    ("turned", lambda seed: size_chart(seed, turned=True)),
    ("cents, comma", lambda seed: superscript_cents(seed, ",")),
    ("cents, point", lambda seed: superscript_cents(seed, ".")),
    ("footnotes", footnotes),
    ("two columns", two_columns),
    ("form", form),
    ("leaders", leaders),
    ("right to left", right_to_left),
]
