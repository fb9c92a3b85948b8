"""Sheets as Typst writes them: it sets text as a typesetter does, with ligatures, kerning and the raised figures of its fonts."""

from __future__ import annotations

import typst

from tests.infra.retrieval.numbers.contents import Cell, Form, Grid, Prose, Sheet

STROKES = {
    "grid": "stroke: 0.5pt",
    "lines": "stroke: (x, y) => (bottom: 0.5pt)",
    "none": "stroke: none",
    "stripes": "stroke: none, fill: (x, y) => if calc.odd(y) { luma(220) }",
}
UPRIGHT = {"top": "top", "middle": "horizon", "bottom": "bottom"}


def written(sheet: Sheet) -> bytes:
    body = "\n#v(10pt)\n".join(_block(block, sheet) for block in sheet.blocks)
    flipped = ", flipped: true" if sheet.landscape else ""
    number = (
        "" if sheet.rtl else ', footer: align(right)[#context counter(page).display("1 / 1", both: true)]'
    )
    language = '#set text(dir: rtl, lang: "he", font: "DejaVu Sans")' if sheet.rtl else ""
    return bytes(
        typst.compile(
            f'#set page(paper: "a4", margin: 40pt{flipped}{number})\n#set text(size: 10pt)\n{language}\n'
            f"#text(size: 16pt, {_string(sheet.title)})\n\n{body}\n".encode(),
            ignore_system_fonts=not sheet.rtl,
        )
    )


def _block(block: Grid | Prose | Form, sheet: Sheet) -> str:
    if isinstance(block, Form):
        cells = ", ".join(
            f"{_string(label)}, box(stroke: 0.5pt, inset: 4pt, width: 110pt, {_string(value)})"
            for label, value in block.fields
        )
        return f"#grid(columns: (140pt, auto), row-gutter: 10pt, align: horizon, {cells})"
    if isinstance(block, Prose):
        text = "\n\n".join(f"#{_string(each)}" for each in block.paragraphs)
        return f"#block(height: 350pt, columns({block.columns})[{text}])"
    cells = ", ".join(_cell(cell) for row in block.rows for cell in row)
    head = ", ".join(map(_cell, block.head))
    widths = ", ".join(f"{width}pt" for width in block.widths)
    return (
        f"#text(size: {block.size}pt, table(columns: ({widths}), align: start + {UPRIGHT[block.upright]}, "
        f"{STROKES[block.ruled]}, table.header({head}), {cells}))"
    )


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return _string(cell)
    return f"[#{_string(cell.base)}#super({_string(cell.raised)})]"


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
