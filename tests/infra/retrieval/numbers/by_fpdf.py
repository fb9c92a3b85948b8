"""Sheets as fpdf2 writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TableCellFillMode, VAlign
from fpdf.fonts import FontFace

from tests.infra.retrieval.numbers.contents import Form, Grid, Prose, Raised, Sheet, visual
from tests.infra.retrieval.sheets import font

BORDERS = {
    "grid": TableBordersLayout.ALL,
    "lines": TableBordersLayout.HORIZONTAL_LINES,
    "none": TableBordersLayout.NONE,
    "stripes": TableBordersLayout.NONE,
}
UPRIGHT = {"top": VAlign.T, "middle": VAlign.M, "bottom": VAlign.B}


class _Pdf(FPDF):
    def __init__(self, sheet: Sheet) -> None:
        super().__init__("landscape" if sheet.landscape else "portrait", "pt", "A4")
        self._sheet = sheet
        self.set_creation_date(datetime(2026, 11, 20, tzinfo=UTC))
        self.set_margins(40, 40)
        self.set_auto_page_break(True, 50)
        self._family = "helvetica"
        if sheet.rtl or _is_beyond_latin(sheet):
            self.add_font("dejavu", "", font())
            self._family = "dejavu"
        self.add_page()

    def plain(self, size: float) -> None:
        self.set_font(self._family, "", size)

    def footer(self) -> None:
        if not self._sheet.rtl:
            self.set_y(-30)
            self.set_font("helvetica", "", 8)
            self.cell(0, 10, f"{self.page_no()} / Nordfell", align="C")


def written(sheet: Sheet) -> bytes:
    pdf = _Pdf(sheet)
    pdf.plain(16)
    pdf.cell(0, 24, visual(sheet.title), align="R" if sheet.rtl else "L", new_x="LMARGIN", new_y="NEXT")
    for block in sheet.blocks:
        pdf.ln(12)
        if isinstance(block, Form):
            _fields(pdf, block)
        elif isinstance(block, Prose):
            _prose(pdf, block)
        elif any(isinstance(cell, Raised) for row in block.rows for cell in row):
            _by_hand(pdf, block)
        else:
            _table(pdf, block, sheet)
    return bytes(pdf.output())


def _is_beyond_latin(sheet: Sheet) -> bool:
    return any(not cell.isascii() for row in sheet.rows for cell in row)


def _prose(pdf: _Pdf, block: Prose) -> None:
    pdf.plain(10)
    if block.columns == 1:
        for text in block.paragraphs:
            pdf.multi_cell(0, 13, text, new_x="LMARGIN", new_y="NEXT")
        return
    with pdf.text_columns(ncols=2, gutter=24, balance=True) as text:
        for each in block.paragraphs:
            with text.paragraph(bottom_margin=6) as paragraph:
                paragraph.write(each)


def _fields(pdf: _Pdf, block: Form) -> None:
    """A box around each value."""
    for label, value in block.fields:
        pdf.plain(10)
        pdf.cell(140, 22, label)
        pdf.cell(110, 22, value, border=1, align="R", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(8)


def _table(pdf: _Pdf, block: Grid, sheet: Sheet) -> None:
    pdf.plain(block.size)
    widths = block.widths[::-1] if sheet.rtl else block.widths
    fill = block.ruled == "stripes"
    with pdf.table(
        align="R" if sheet.rtl else "L",
        borders_layout=BORDERS[block.ruled],
        cell_fill_color=220 if fill else None,
        cell_fill_mode=TableCellFillMode.ROWS if fill else TableCellFillMode.NONE,
        col_widths=tuple(widths),
        headings_style=FontFace(emphasis=""),
        line_height=1.3 * block.size,
        padding=3,
        text_align="R" if sheet.rtl else ("L", *["R"] * (len(widths) - 1)),
        v_align=UPRIGHT[block.upright],
        width=sum(widths),
    ) as table:
        for cells in (block.head, *block.rows):
            row = table.row()
            for cell in cells[::-1] if sheet.rtl else cells:
                assert isinstance(cell, str)
                row.cell(visual(cell))


def _by_hand(pdf: _Pdf, block: Grid) -> None:
    """Its tables have no raised letters, so it is written line by line."""
    for cells in (block.head, *block.rows):
        x = pdf.l_margin
        pdf.plain(block.size)
        y = pdf.get_y()
        for cell, width in zip(cells, block.widths, strict=True):
            pdf.set_xy(x, y)
            if isinstance(cell, Raised):
                pdf.write(1.5 * block.size, cell.base)
                pdf.char_vpos = "SUP"
                pdf.write(1.5 * block.size, cell.raised)
                pdf.char_vpos = "LINE"
            else:
                pdf.write(1.5 * block.size, cell)
            x += width
        if block.ruled in ("grid", "lines"):
            pdf.line(pdf.l_margin, y + 1.5 * block.size, x, y + 1.5 * block.size)
        pdf.set_xy(pdf.l_margin, y + 1.6 * block.size)
