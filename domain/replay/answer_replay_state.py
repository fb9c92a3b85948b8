"""The state of a replay that asks models: what is replayed, and what is under way."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain.answers.plan import Kind
from domain.answers.variant import Variant
from domain.models.completion import Attempt, Citation


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is replayed: the first `limit` answers from `since` until before `until`, up to position `head` of the log; by the `agent` that is a
    variant, else by the `source`."""

    source: str
    agent: Variant | None
    since: datetime | None
    until: datetime | None
    limit: int
    head: int


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was made again. The `text` is the `customer`'s; None: they were erased. `latency_ms`: from the question to its end."""

    customer: UUID
    kind: Kind
    category: str | None
    citations: tuple[Citation, ...]
    latency_ms: float
    text: str | None


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is being made, or whose process ended. `lost`: what it is charged if nothing is heard of it any more."""

    replayed: UUID
    lost: tuple[Attempt, ...]


class AnswerReplayState(msgspec.Struct):
    """`plan` None: it was begun before there was one. `runs`: how often it was begun, or gone on with. `open`: by their interaction."""

    plan: Plan | None = None
    runs: int = 1
    open: dict[UUID, Open] = {}
    cost: Decimal = Decimal(0)
