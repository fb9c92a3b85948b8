"""CSV (RFC 4180, with `;`, `,` or tabs between): told by its first lines, and read."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO

from domain.retrieval.blocks import Block
from infra.retrieval.forking import Unreadable
from infra.retrieval.formats.bounds import MOST_CHARACTERS
from infra.retrieval.formats.tables import is_figure, statements

DELIMITERS = ";,\t"
LOOKED_AT = 200
"""Rows by which the delimiter is told."""

ALIKE = 0.9
"""The part of them that has the same number of fields."""

LONGEST_NAME = 60
"""Characters of a column's name."""

LONGEST_FIELD = 1_000_000
"""Characters."""

_SEP = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_NO_NAME = re.compile(r"^[\[{<]|[.!?…。！？]$")


def delimiter_of(text: str, *, cut: bool = False) -> str | None:
    """What stands between the fields, None for what is no such table. `cut`: the last line may not be whole."""
    if (said := _SEP.match(text)) is not None:
        return said[1] if said[1] in DELIMITERS else None
    if cut:
        text = text[: text.rfind("\n") + 1]
    widths = {delimiter: _width(text, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: widths[delimiter])
    return best if widths[best] else None


def table_blocks(text: str) -> list[Block]:
    """A block for each row but the first, which names the columns if it can. Raises Unreadable."""
    delimiter = delimiter_of(text)
    if delimiter is None:
        raise Unreadable("the rows of the CSV file differ in how many columns they have; export it anew")
    rows: list[list[str]] = []
    said = _SEP.match(text)
    try:
        for row in _rows(text[said.end() :] if said else text, delimiter):
            if any(row):
                rows.append(row)
    except csv.Error:
        raise Unreadable(
            f"the CSV file can't be read after row {len(rows) or 'one'}: a quotation mark is not closed, or not doubled; "
            "export it anew and upload that"
        ) from None
    blocks, left = [], MOST_CHARACTERS
    for statement in statements(rows, 1 if rows and _names_columns(rows[0]) else 0):
        left -= len(statement)
        if left < 0:
            raise Unreadable("the CSV file holds too much text; split it into smaller files")
        blocks.append(Block(text=statement, kind="row"))
    return blocks


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_FIELD)
    for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True):
        yield [" ".join(cell.split()) for cell in row]


def _width(text: str, delimiter: str) -> int:
    """Columns of the table that `text` is with this delimiter; 0 if it is none."""
    rows: list[list[str]] = []
    try:
        for row in _rows(text, delimiter):
            if any(row):
                rows.append(row)
            if len(rows) == LOOKED_AT:
                break
    except csv.Error:
        return 0
    if len(rows) < 2:
        return 0
    [(width, often)] = Counter(map(len, rows)).most_common(1)
    if width < 2 or often < ALIKE * len(rows) or (width == 2 and len(rows) < 3):
        return 0
    if len(rows[0]) != width or any(len(cell) > LONGEST_NAME or _NO_NAME.search(cell) for cell in rows[0]):
        return 0  # as a letter, whose lines happen to have a comma each
    first = text[: text.find("\n", 1000) + 1 or 1000]
    return 0 if delimiter == "," and first.count(", ") * 2 > first.count(",") else width


def _names_columns(row: list[str]) -> bool:
    said = [cell.casefold() for cell in row if cell]
    return len(said) == len(set(said)) and len(said) * 2 > len(row) and not any(map(is_figure, said))
