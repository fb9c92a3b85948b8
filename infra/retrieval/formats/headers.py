"""Which rows of an HTML table name its columns."""

from __future__ import annotations

from typing import Any

from infra.retrieval.formats.grid import span_of
from infra.retrieval.formats.inline import plain
from infra.retrieval.formats.tables import is_figure, is_header


def headers_of(rows: list[tuple[Any, list[Any]]], grid: list[list[str]]) -> int:
    """How many rows name the columns: those that are marked so; else the first one, if it is bold, or looks like it."""
    marked = 0
    for row, cells in rows:
        if row.getparent().tag != "thead" and not (cells and all(cell.tag == "th" for cell in cells)):
            break
        marked += 1
    if marked:
        marked = max(
            [marked, *(span_of(cell, "rowspan") for cell in rows[0][1])]
        )  # what stands beside a name is one, too
    if marked or len(rows) < 2:
        return min(marked, len(rows) - 1)
    first, others = grid[0], grid[1:]
    if not is_header(first) or rows[0][1][0].tag == "th":  # which names its row
        return 0
    bold = all(plain("".join(cell.itertext())) == _bold(cell) for cell in rows[0][1])
    figures = any(all(is_figure(row[at]) for row in others if at < len(row)) for at in range(1, len(first)))
    return 1 if bold or figures else 0


def _bold(cell: Any) -> str:
    return plain("".join("".join(each.itertext()) for each in cell.iter("strong", "b")))
