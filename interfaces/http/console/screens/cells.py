"""Lines of a field with several texts each, as comma-separated values (RFC 4180): a comma, a quote or a new line stands in quotes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def lines_of(text: str) -> list[list[str]]:
    """The cells of each line that has any. Raises ValueError."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True))
    except csv.Error:
        raise ValueError(
            "a quote is open: what is in quotes ends with one, and one in it is written twice"
        ) from None
    found = [[cell.strip() for cell in row] for row in rows]
    return [row for row in found if any(row)]


def line_of(cells: Iterable[Any]) -> str:
    """What comes back so; cells at the end that are empty are left out."""
    texts = [_cell(each) for each in cells]
    while texts and not texts[-1]:
        texts.pop()
    return ", ".join(texts)


def row_of(cells: Sequence[str], names: tuple[str, ...]) -> dict[str, str]:
    """By the names of the fields; empty ones are left out. Raises ValueError."""
    if len(cells) > len(names):
        line = line_of(cells)
        raise ValueError(
            f"each line has {', '.join(names)}, with commas between them: {line[:60]!r} has more; put a text with commas in quotes"
        )
    return {name: cell for name, cell in zip(names, cells, strict=False) if cell}


def _cell(value: Any) -> str:
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if any(each in text for each in ',"\r\n'):
        return '"{}"'.format(text.replace('"', '""'))
    return text
