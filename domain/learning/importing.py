"""Import of cases from a file: CSV or lines of JSON. Each row is taken or refused by itself, with the reason. Pure."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from domain.base.errors import Invalid
from domain.feedback.exchange import Exchange
from domain.learning.case import check_exchange, check_labels
from domain.models.completion import Turn

COLUMNS = ("message", "expected_answer", "context", "intent", "category", "quality")
REQUIRED = COLUMNS[:2]
DELIMITERS = (",", ";", "\t")


class SaidIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`role`: `user` is the customer, `assistant` the business."""

    role: Literal["user", "assistant"]
    text: str


class CaseIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A case as somebody writes it."""

    message: str
    expected_answer: str
    context: tuple[SaidIn, ...] = ()
    intent: str | None = None
    category: str | None = None
    quality: float | None = None

    def exchange(self) -> Exchange:
        """Raises Invalid, also for its labels."""
        context = tuple(Turn(role=turn.role, text=turn.text) for turn in self.context)
        exchange = Exchange(message=self.message, answer=self.expected_answer, context=context)
        check_exchange(exchange)
        check_labels(self.intent, self.category, self.quality)
        return exchange


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """`number`: as a spreadsheet counts, the first row is 1; of JSON lines the line."""

    number: int
    case: CaseIn
    exchange: Exchange


class RefusedRow(msgspec.Struct, frozen=True, kw_only=True):
    row: int
    reason: str


_turns = msgspec.json.Decoder(tuple[SaidIn, ...])
_case = msgspec.json.Decoder(CaseIn)


def rows_of(data: bytes) -> Iterator[Row | RefusedRow]:
    """What begins with `{` is lines of JSON, all else CSV. Raises Invalid for a file of which no row can be read."""
    text = _decoded(data)
    if not text.strip():
        raise Invalid("the file is empty; it has one case a row")
    yield from (_json_rows(text) if text.lstrip().startswith("{") else _csv_rows(text))


def _decoded(data: bytes) -> str:
    """A byte order mark tells UTF-16, as spreadsheets write it; all else is UTF-8. Raises Invalid."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            f"byte {error.start} of the file is no text in UTF-8; save it as UTF-8, and send it again"
        ) from None


def _json_rows(text: str) -> Iterator[Row | RefusedRow]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield _row(number, _case.decode(line))
        except msgspec.MsgspecError as error:
            yield RefusedRow(row=number, reason=str(error))
        except Invalid as refusal:
            yield RefusedRow(row=number, reason=refusal.detail)


def _csv_rows(text: str) -> Iterator[Row | RefusedRow]:
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: Sequence[str] | None = None
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if columns is None:
                raise Invalid(
                    f"the first row can't be read: {error}; it names the columns {', '.join(COLUMNS)}"
                ) from None
            yield RefusedRow(row=number, reason=f"it can't be read: {error}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = _columns(cells)
            continue
        try:
            yield _row(number, _from_cells(columns, cells))
        except Invalid as refusal:
            yield RefusedRow(row=number, reason=refusal.detail)


def _columns(cells: Sequence[str]) -> Sequence[str]:
    names = [cell.strip().lower() for cell in cells]
    missing = [name for name in REQUIRED if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if missing or unknown or twice:
        told = [
            *(f"there is no column {name}" for name in missing),
            *(f"the column {name[:40]!r} is unknown" for name in unknown),
            *(f"the column {name} is there twice" for name in twice),
        ]
        raise Invalid(
            f"{'; '.join(told)}. The first row names columns: {', '.join(COLUMNS)}; the first two are needed"
        )
    return names


def _from_cells(columns: Sequence[str], cells: Sequence[str]) -> CaseIn:
    """Raises Invalid."""
    if len(cells) > len(columns):
        raise Invalid(
            f"it has {len(cells)} cells, and {len(columns)} columns are named; put texts with separators in quotes"
        )
    given = dict(zip(columns, cells, strict=False))
    quality = given.get("quality", "").strip().replace(",", ".")
    context = given.get("context", "").strip()
    try:
        return CaseIn(
            message=given.get("message", ""),
            expected_answer=given.get("expected_answer", ""),
            context=_turns.decode(context) if context else (),
            intent=given.get("intent", "").strip() or None,
            category=given.get("category", "").strip() or None,
            quality=float(quality) if quality else None,
        )
    except msgspec.MsgspecError as error:
        form = '[{"role": "user", "text": "Hello"}]'
        raise Invalid(f"context is written as {form}: {error}") from None
    except ValueError:
        raise Invalid("quality is no number") from None


def _row(number: int, case: CaseIn) -> Row:
    """Raises Invalid."""
    return Row(number=number, case=case, exchange=case.exchange())
