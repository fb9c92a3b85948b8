"""Import of cases from a file: each row is taken or refused by itself, with the reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from domain.base.errors import Invalid
from domain.base.table_rows import Cells, Columns, RefusedRow, read_rows
from domain.feedback.exchange import Exchange
from domain.learning.case import check_exchange, check_labels
from domain.models.completion import Turn

COLUMNS = Columns(
    names=("message", "expected_answer", "context", "intent", "category", "quality"),
    needed=(("message",), ("expected_answer",)),
)


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
    number: int
    case: CaseIn
    exchange: Exchange


_turns = msgspec.json.Decoder(tuple[SaidIn, ...])
_case = msgspec.json.Decoder(CaseIn)


def rows_of(data: bytes) -> Iterator[Row | RefusedRow]:
    """Raises Invalid for a file of which no row can be read."""
    for each in read_rows(data, COLUMNS, of_json=_of_json, of_cells=_of_cells):
        if isinstance(each, RefusedRow):
            yield each
        else:
            number, (case, exchange) = each
            yield Row(number=number, case=case, exchange=exchange)


def _of_json(raw: bytes) -> tuple[CaseIn, Exchange]:
    """Raises Invalid, MsgspecError."""
    case = _case.decode(raw)
    return case, case.exchange()


def _of_cells(given: Cells) -> tuple[CaseIn, Exchange]:
    """Raises Invalid."""
    quality = given.get("quality", "").strip().replace(",", ".")
    context = given.get("context", "").strip()
    try:
        case = CaseIn(
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
    return case, case.exchange()
