"""Tables to statements: each row says for itself what it says ("column: value; column: value")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Row = Sequence[str]


def statements(rows: Sequence[Row], headers: int) -> Iterator[str]:
    """The rows after the first `headers`, which name the columns; without any, of two columns the first names the second."""
    names = _names(rows[:headers])
    for row in rows[headers:]:
        if statement := _statement(row, names):
            yield statement


def is_header(row: Row) -> bool:
    """Whether a first row can only name columns: each cell says something else, and none is a figure."""
    said = [cell.casefold() for cell in row if cell]
    return len(said) == len(row) == len(set(said)) and not any(map(is_figure, said))


def is_figure(cell: str) -> bool:
    """Whether there are digits and hardly a letter."""
    letters = sum(character.isalpha() for character in cell)
    return any(character.isdigit() for character in cell) and letters <= 3


def _names(rows: Sequence[Row]) -> list[str]:
    """Of columns that have several names, one below the other, all of them."""
    width = max(map(len, rows), default=0)
    columns = [[row[at] for row in rows if at < len(row) and row[at]] for at in range(width)]
    return [" ".join(dict.fromkeys(column)).rstrip(": ") for column in columns]


def _statement(row: Row, names: Sequence[str]) -> str:
    said = [cell for cell in row if cell]
    if len(row) > 1 and len(said) == len(row) and len(set(said)) == 1:
        return said[0]  # one cell over all columns
    if not names and len(row) == 2 and len(said) == 2:
        return f"{row[0].rstrip(': ')}: {row[1]}"
    parts = []
    for at, cell in enumerate(row):
        if cell:
            name = names[at] if at < len(names) else ""
            parts.append(f"{name}: {cell}" if name else cell)
    return "; ".join(parts)
