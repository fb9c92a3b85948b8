"""How good were the agent's answers, and how quick? Sums by time slot, of all answers and by model, provider, channel, experiment, deployment, intent.

Counted from events that hold nothing personal, and from the time and the kind alone of those that do: so an erasure changes no figure. What is told of an
answer later (a rating, a wish for a person) counts in the slot of the answer. The fold is domain/insight/answering.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import localcontext
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    Uuid,
    any_,
    delete,
    literal,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.base.sketch import packed, unpacked
from domain.feedback.following import Following
from domain.insight.answer import COUNTS, FIGURES, Answer
from domain.insight.answering import EVENTS, Answering, named_in
from domain.models.pricing import EXACT
from projections.answer_deltas import Deltas, counted, deltas
from projections.base import Row, Sql, adding, metadata, replacing, row_of, struct_of, tenant_column
from projections.sketched import changed
from projections.slotted import slot_columns, slot_rows

figures = Table(
    "answer_figures",
    metadata,
    tenant_column(),
    Column("dimension", String, primary_key=True),
    *slot_columns(),
    Column("value", String, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS),
    Column("cost", Numeric, nullable=False),
)
"""`dimension` and `value` are empty for all answers."""

responses = Table(
    "answer_figures_responses",
    metadata,
    tenant_column(),
    Column("dimension", String, primary_key=True),
    *slot_columns(),
    Column("value", String, primary_key=True),
    Column("sketch", LargeBinary, nullable=False),
)
"""A row for each sketch (domain/base/sketch.py: packed), not one for each bucket, which took most of the time of the question."""

answers = Table(
    "answer_figures_answers",
    metadata,
    tenant_column(),
    Column("interaction", Uuid, primary_key=True),
    Column("conversation", Uuid),
    Column("at", DateTime(timezone=True)),
    Column("kind", String, nullable=False),
    Column("places", Text, nullable=False),
    *(Column(name, Boolean, nullable=False) for name in ("modelled", "cached", "retrieved", "found")),
    Column("cost", Numeric, nullable=False),
    Column("response_ms", BigInteger),
    Column("helpful", Boolean),
    Column("source", String),
    Column("answered_at", DateTime(timezone=True)),
    *(Column(name, Boolean, nullable=False) for name in ("continued", "completed", "requested")),
    *(Column(name, Boolean, nullable=False) for name in ("asked_back", "came_back", "prompted")),
)
"""As what each counts, until something else is told of it. `places`: JSON."""

following = Table(
    "answer_figures_following",
    metadata,
    tenant_column(),
    Column("conversation", Uuid, primary_key=True),
    Column("waiting", DateTime(timezone=True)),
    Column("begun", Uuid),
    Column("begun_waiting", DateTime(timezone=True)),
    Column("begun_at", DateTime(timezone=True)),
    Column("heard", Boolean, nullable=False),
    Column("metered", Uuid),
    Column("kind", String, nullable=False),
    Column("category", String),
    Column("last", Uuid),
    Column("followed", Boolean, nullable=False),
)

KEYS = ("dimension", "value")
_ADD, _PUT_RESPONSES = adding(figures, FIGURES), replacing(responses)
_PUT, _PUT_FOLLOWING = replacing(answers), replacing(following)


class AnswerFigures:
    name: ClassVar[str] = "answer_figures"
    version: ClassVar[int] = 2
    tables: ClassVar[Sequence[Table]] = (figures, responses, answers, following)
    sees_erased: ClassVar[bool] = True
    events: ClassVar[Sequence[type[Event]]] = EVENTS
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        known = await _known(batch, sql, tenant)
        before = {id: counted(answer) for id, answer in known.answers.items()}
        with localcontext(EXACT):
            known.fold(batch)
            moved = deltas(before, known.answers)
        await _count(moved, tenant, sql)
        if known.gone:  # nothing follows any more; what there was counts
            gone = following.c.conversation == any_(literal(sorted(known.gone), ARRAY(Uuid)))
            await sql.run(delete(following).where(following.c.tenant == tenant, gone))
        await sql.put(_PUT, [_row(tenant, answer) for answer in known.answers.values()])
        await sql.put(_PUT_FOLLOWING, [row_of(tenant, where) for where in known.following.values()])


async def _count(moved: Deltas, tenant: UUID, sql: Sql) -> None:
    await sql.put(_ADD, slot_rows(tenant, moved.figures, KEYS, FIGURES))
    await _sketch(moved, tenant, sql)
    # A row without an answer is none, so that a rebuild gives the same rows.
    if moved.left:
        f = figures.c
        empty = (f.answers == 0, f.calls == 0, f.failed == 0, f.failed_calls == 0)
        mine = tuple_(f.grain, f.at, f.dimension, f.value).in_(moved.left)
        await sql.run(delete(figures).where(f.tenant == tenant, mine, *empty))


async def _sketch(moved: Deltas, tenant: UUID, sql: Sql) -> None:
    """Read, changed and put: whoever has the cursor's row is the only one who writes them."""
    by: dict[tuple[Any, ...], dict[int, int]] = {}
    for (*slot, bucket), (count,) in moved.responses.items():
        by.setdefault(tuple(slot), {})[bucket] = count
    if not by:
        return
    r = responses.c
    mine = tuple_(r.grain, r.at, r.dimension, r.value).in_(list(by))
    rows = await sql.all(select(responses).where(r.tenant == tenant, mine))
    known = {(row["grain"], row["at"], row["dimension"], row["value"]): row["sketch"] for row in rows}
    now = {slot: packed(changed(unpacked(known.get(slot, b"")), by[slot])) for slot in sorted(by)}
    await sql.put(_PUT_RESPONSES, [_sketched(tenant, slot, data) for slot, data in now.items() if data])
    if empty := [slot for slot, data in now.items() if not data and slot in known]:
        gone = tuple_(r.grain, r.at, r.dimension, r.value).in_(empty)
        await sql.run(delete(responses).where(r.tenant == tenant, gone))


def _sketched(tenant: UUID, slot: tuple[Any, ...], data: bytes) -> dict[str, Any]:
    return {"tenant": tenant, **dict(zip(("grain", "at", *KEYS), slot, strict=True)), "sketch": data}


async def _known(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> Answering:
    interactions, conversations = named_in(batch)
    wanted = following.c.conversation == any_(literal(sorted(conversations), ARRAY(Uuid)))
    rows = await sql.all(select(following).where(following.c.tenant == tenant, wanted))
    where = [struct_of(Following, row) for row in rows]
    interactions |= {each.last for each in where if each.last is not None}
    interactions |= {each.metered for each in where if each.metered is not None}
    named = answers.c.interaction == any_(literal(sorted(interactions), ARRAY(Uuid)))
    found = await sql.all(select(answers).where(answers.c.tenant == tenant, named))
    return Answering([_answer(row) for row in found], where)


def _row(tenant: UUID, answer: Answer) -> dict[str, Any]:
    return {**row_of(tenant, answer), "places": msgspec.json.encode(answer.places).decode()}


def _answer(row: Row) -> Answer:
    return msgspec.convert(
        {**{k: v for k, v in row.items() if k != "tenant"}, "places": msgspec.json.decode(row["places"])},
        Answer,
    )
