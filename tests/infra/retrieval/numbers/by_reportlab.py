"""Sheets as reportlab writes them."""

from __future__ import annotations

import io
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from tests.infra.retrieval.numbers.contents import Cell, Form, Grid, Prose, Sheet, visual
from tests.infra.retrieval.sheets import font

LINES = {
    "grid": [("GRID", (0, 0), (-1, -1), 0.5, colors.black)],
    "lines": [("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.grey)],
    "none": [],
    "stripes": [("ROWBACKGROUNDS", (0, 0), (-1, -1), [colors.white, colors.lightgrey])],
}


def written(sheet: Sheet) -> bytes:
    file = io.BytesIO()
    size = landscape(A4) if sheet.landscape else A4
    document = BaseDocTemplate(file, pagesize=size, invariant=1)
    frame = Frame(40, 50, size[0] - 80, size[1] - 100)
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=lambda canvas, _: _around(canvas, sheet)))
    pdfmetrics.registerFont(TTFont("DejaVuSans", font()))
    story: list[Any] = [Paragraph(visual(sheet.title), _style(sheet, 16)), Spacer(1, 14)]
    for block in sheet.blocks:
        story += [*_block(block, sheet), Spacer(1, 16)]
    document.build(story)
    return file.getvalue()


def _around(canvas: Canvas, sheet: Sheet) -> None:
    if not sheet.rtl:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(40, 22, f"Nordfell, page {canvas.getPageNumber()}")


def _block(block: Grid | Prose | Form, sheet: Sheet) -> list[Any]:
    if isinstance(block, Form):
        return [_Fields(block)]
    if isinstance(block, Prose):
        style = _style(sheet, 10)
        paragraphs = [Paragraph(text, style) for text in block.paragraphs]
        half = (len(paragraphs) + 1) // 2
        return [Table([[paragraphs[:half], paragraphs[half:]]])] if block.columns == 2 else paragraphs
    style = _style(sheet, block.size)
    cells = [[Paragraph(_markup(cell), style) for cell in row] for row in (block.head, *block.rows)]
    widths = list(block.widths)
    if sheet.rtl:
        cells, widths = [row[::-1] for row in cells], widths[::-1]
    upright = ("VALIGN", (0, 0), (-1, -1), block.upright.upper())
    return [Table(cells, colWidths=widths, repeatRows=1, style=[upright, *LINES[block.ruled]])]


def _markup(cell: Cell) -> str:
    return visual(cell) if isinstance(cell, str) else f"{cell.base}<super>{cell.raised}</super>"


def _style(sheet: Sheet, size: int) -> ParagraphStyle:
    name = "DejaVuSans" if sheet.rtl else "Helvetica"
    return ParagraphStyle("cell", fontName=name, fontSize=size, leading=1.2 * size, alignment=2 * sheet.rtl)


class _Fields(Flowable):  # type: ignore[misc]
    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form
        self.width, self.height = 400, 34 * len(form.fields)

    def draw(self) -> None:
        for number, (label, value) in enumerate(self._form.fields):
            y = self.height - 34 * (number + 1)
            self.canv.setFont("Helvetica", 10)
            self.canv.drawString(0, y + 8, label)
            self.canv.acroForm.textfield(
                name=label, value=value, x=140, y=y, width=110, height=20, fontSize=10, relative=True
            )
