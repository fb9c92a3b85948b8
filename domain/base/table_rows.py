"""Rows of a file that somebody sends: CSV (RFC 4180), lines of JSON, or an array of it. Each is read or refused by itself. Pure."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from domain.base.errors import Invalid

DELIMITERS = (",", ";", "\t")
_SEP = re.compile(r"sep=([,;\t])\r?\n", re.IGNORECASE)
T = TypeVar("T")
Cells = Mapping[str, str]
"""By the columns' names."""


class RefusedRow(msgspec.Struct, frozen=True, kw_only=True):
    """`row`: as a spreadsheet counts, the first row is 1; of JSON the line, or which of the array it is."""

    row: int
    reason: str


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Which there may be, and of which one of each group must be there."""

    names: Sequence[str]
    needed: Sequence[Sequence[str]]


def read_rows(
    data: bytes, columns: Columns, *, of_json: Callable[[bytes], T], of_cells: Callable[[Cells], T]
) -> Iterator[tuple[int, T] | RefusedRow]:
    """What begins with `{` is lines of JSON, with `[` an array, all else CSV. Both functions raise Invalid, or a MsgspecError.

    Raises Invalid for a file of which no row can be read.
    """
    text = _decoded(data)
    if not text.strip():
        raise Invalid("the file is empty; it has one row for each")
    json = text.lstrip()[0] in "{["
    for each in _json_rows(text) if json else _csv_rows(text, columns):
        if isinstance(each, RefusedRow):
            yield each
            continue
        number, row = each
        try:
            yield number, of_json(row) if isinstance(row, bytes) else of_cells(row)
        except Invalid as refusal:
            yield RefusedRow(row=number, reason=refusal.detail)
        except msgspec.MsgspecError as error:
            yield RefusedRow(row=number, reason=str(error))
        except RecursionError:
            yield RefusedRow(row=number, reason="it is nested too deep")


def _decoded(data: bytes) -> str:
    """A byte order mark tells UTF-16, as spreadsheets write it; all else is UTF-8. Raises Invalid."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            f"byte {error.start} of the file is no text in UTF-8; save it as UTF-8, and send it again"
        ) from None


def _json_rows(text: str) -> Iterator[tuple[int, bytes]]:
    """Raises Invalid for an array that is none."""
    if text.lstrip().startswith("["):
        try:
            found = msgspec.json.decode(text, type=list[msgspec.Raw])
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Invalid(
                f"the file begins as an array of JSON, and is none: {error}; mend it there, or send a line for each"
            ) from None
        yield from ((number, bytes(raw)) for number, raw in enumerate(found, 1))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.encode(errors="surrogatepass")


def _csv_rows(text: str, columns: Columns) -> Iterator[tuple[int, Cells] | RefusedRow]:
    said = _SEP.match(text)
    first = text[said.end() if said else 0 :].lstrip("\r\n").partition("\n")[0]
    delimiter = said[1] if said else max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: Sequence[str] | None = None
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if names is None:
                told = ", ".join(columns.names)
                raise Invalid(f"the first row can't be read: {error}; it names the columns {told}") from None
            yield RefusedRow(row=number, reason=f"it can't be read: {error}")
            continue
        if not any(cell.strip() for cell in cells) or (number == 1 and said):
            continue
        if names is None:
            names = _names(cells, columns)
        elif len(cells) > len(names):
            reason = f"it has {len(cells)} cells, and {len(names)} columns are named; put texts with separators in quotes"
            yield RefusedRow(row=number, reason=reason)
        else:
            yield number, dict(zip(names, cells, strict=False))


def _names(cells: Sequence[str], columns: Columns) -> Sequence[str]:
    """Raises Invalid."""
    names = [cell.strip().lower() for cell in cells]
    told = [
        *(f"there is no column {' or '.join(some)}" for some in columns.needed if not set(some) & set(names)),
        *(f"the column {name[:40]!r} is unknown" for name in names if name not in columns.names),
        *(f"the column {name} is there twice" for name in columns.names if names.count(name) > 1),
    ]
    if told:
        needed = " and ".join(" or ".join(some) for some in columns.needed)
        raise Invalid(
            f"{'; '.join(told)}. The first row names columns: {', '.join(columns.names)}; {needed} are needed"
        )
    return names
