"""Rows of a view as files: CSV (RFC 4180), JSON, Parquet. Exact numbers stay exact, times are UTC."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

import msgspec

from domain.base.errors import Refused
from domain.models.pricing import EXACT
from projections.base import Row
from projections.views import View
from projections.views.view import Type

Format = Literal["csv", "json", "parquet"]
MEDIA: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}

SCALE, DIGITS = 18, 38
"""Of exact numbers in Parquet, in every file: readers of several take the first one's for all."""


class Form(Protocol):
    """A file that grows page by page; what is given back is ready to be sent."""

    def rows(self, rows: Sequence[Row]) -> bytes: ...

    def end(self) -> bytes: ...


class CsvForm:
    """A line of names, then a line a row; null is nothing, true and false are words."""

    def __init__(self, view: View) -> None:
        self._names = [column.name for column in view.columns]
        self._begun = False

    def rows(self, rows: Sequence[Row]) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        if not self._begun:
            writer.writerow(self._names)
            self._begun = True
        writer.writerows([_written(row[name]) for name in self._names] for row in rows)
        return text.getvalue().encode()

    def end(self) -> bytes:
        return b"" if self._begun else self.rows(())


class JsonForm:
    """An array of objects; exact numbers are texts, as everywhere in the API."""

    def __init__(self, view: View) -> None:
        self._names = [column.name for column in view.columns]
        self._begun = False

    def rows(self, rows: Sequence[Row]) -> bytes:
        lines = [object_of(row, self._names) for row in rows]
        if not lines:
            return b""
        before = b",\n" if self._begun else b"[\n"
        self._begun = True
        return before + b",\n".join(lines)

    def end(self) -> bytes:
        return b"\n]\n" if self._begun else b"[]\n"


class ParquetForm:
    """A row group a page; exact numbers are decimal128(38, 18), ids are texts."""

    def __init__(self, view: View, position: int) -> None:
        pa, pq = _pyarrow()
        kinds: dict[Type, Any] = {
            "uuid": pa.string(),
            "text": pa.string(),
            "boolean": pa.bool_(),
            "integer": pa.int32(),
            "bigint": pa.int64(),
            "double precision": pa.float64(),
            "numeric": pa.decimal128(DIGITS, SCALE),
            "date": pa.date32(),
            "timestamptz": pa.timestamp("us", tz="UTC"),
        }
        fields = [
            pa.field(each.name, kinds[each.type], metadata={"description": each.what})
            for each in view.columns
        ]
        self._schema = pa.schema(fields, metadata={"view": view.name, "position": str(position)})
        self._pa, self._view = pa, view
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(pa.PythonFile(self._sink, mode="w"), self._schema, compression="zstd")

    def rows(self, rows: Sequence[Row]) -> bytes:
        if rows:
            ids = {column.name for column in self._view.columns if column.type == "uuid"}
            columns = [
                [
                    str(row[name]) if name in ids and row[name] is not None else _exact(row[name])
                    for row in rows
                ]
                for name in self._schema.names
            ]
            arrays = [
                self._pa.array(values, type=field.type)
                for values, field in zip(columns, self._schema, strict=True)
            ]
            self._writer.write_table(self._pa.Table.from_arrays(arrays, schema=self._schema))
        return self._sink.taken()

    def end(self) -> bytes:
        self._writer.close()
        return self._sink.taken()


class _Sink(io.RawIOBase):
    """What was written and not yet sent."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def form_of(format: Format, view: View, position: int) -> Form:
    """Raises Refused where Parquet is asked for and what writes it is not installed."""
    makers: dict[Format, Callable[[], Form]] = {
        "csv": lambda: CsvForm(view),
        "json": lambda: JsonForm(view),
        "parquet": lambda: ParquetForm(view, position),
    }
    return makers[format]()


def object_of(row: Row, names: Sequence[str]) -> bytes:
    """A row as JSON."""
    return msgspec.json.encode({name: _plain(row[name]) for name in names})


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # 150 MB that most do without
        import pyarrow.parquet
    except ImportError:
        raise Refused(
            "this server has no pyarrow, which writes Parquet: pip install '.[analytics]' beside it, or take csv or json"
        ) from None
    return pyarrow, pyarrow.parquet


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    plain = _plain(value)
    if isinstance(plain, datetime):
        return plain.isoformat().replace("+00:00", "Z")
    return plain.isoformat() if isinstance(plain, date) else str(plain)


def _exact(value: Any) -> Any:
    """Without zeros at its end, that Arrow has no place for, and with all of its digits."""
    return value.normalize(EXACT) if isinstance(value, Decimal) else value
