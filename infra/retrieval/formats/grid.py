"""An HTML table as rows of cells, those that span several columns or rows in each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

WIDEST = 200
"""Columns that are read; what spans more, spans so many."""


def rows_of(table: Any) -> Iterator[Any]:
    """Its own `tr`, not those of tables within."""
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child if row.tag == "tr")


def cells_of(row: Any) -> list[Any]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def expanded(rows: list[list[tuple[Any, str]]]) -> list[list[str]]:
    """Texts by row and column, of cells with their texts."""
    grid: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}  # column → rows that its cell spans yet, text
    for cells in rows:
        line: list[str] = []
        waiting = list(cells)
        while (waiting or any(at >= len(line) for at in below)) and len(line) < WIDEST:
            if len(line) in below:
                left, text = below.pop(len(line))
                if left > 1:
                    below[len(line)] = left - 1, text
                line.append(text)
            elif waiting:
                cell, text = waiting.pop(0)
                for _ in range(min(span_of(cell, "colspan"), WIDEST - len(line))):
                    if (down := span_of(cell, "rowspan") - 1) > 0:
                        below[len(line)] = down, text
                    line.append(text)
            else:
                line.append("")
        grid.append(line)
    return grid


def span_of(cell: Any, name: str) -> int:
    said = (cell.get(name) or "").strip()
    return max(1, int(said)) if said.isascii() and said.isdigit() and len(said) < 6 else 1
