"""Corrections as they come in and are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.base.recorded import Recorded
from domain.conversations.messages import Use
from domain.feedback.correction import Correction, Source, Status
from domain.feedback.judgement import BEST, Category
from domain.feedback.lineage import LONGEST, Lineage, Texts
from domain.models.completion import Turn
from interfaces.http.conversations.handoff import Operator
from projections.corrections import CorrectionRow

Text = Annotated[str, Meta(min_length=1, max_length=LONGEST)]


class CorrectionIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`conversation_id` and `bot_response` are compared with what is on record, where they are given. `operator`: who proposes it."""

    agent_interaction_id: UUID
    conversation_id: UUID | None = None
    bot_response: Annotated[str, Meta(min_length=1, max_length=100_000)] | None = None
    human_response: Text
    reason: Annotated[str, Meta(max_length=LONGEST)] = ""
    category: Category
    operator: Operator | None = None


class ReviewIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`category`: where another one fits better. `operator`: who reviews it."""

    approved: bool
    quality_score: Annotated[float, Meta(ge=0, le=BEST)]
    category: Category | None = None
    operator: Operator | None = None


class LineageOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where the answer came from. `prompt`: id of the event with the exact prompt (GET /v1/interactions/ID/why shows it). `use`: what the customer's
    texts may be used for beside answering."""

    channel: str
    use: Use
    prompt: UUID | None
    template: str
    configuration_version: int
    passages: tuple[str, ...]
    provider: str | None
    model: str | None
    language: str | None
    intent: str | None


class CorrectionOut(msgspec.Struct, frozen=True, kw_only=True):
    """`message` is what the customer had said, after `context`. `source` `operator`: it came by itself, when an operator answered after the agent.
    Texts are null once the customer was erased."""

    id: UUID
    agent_interaction_id: UUID
    conversation_id: UUID
    message: str | None
    context: tuple[Turn, ...] | None
    bot_response: str | None
    human_response: str | None
    reason: str | None
    category: Category
    source: Source
    status: Status
    quality_score: float | None
    proposed_by: str | None
    proposed_at: datetime
    approved_by: str | None
    reviewed_at: datetime | None
    lineage: LineageOut


class ProposedOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    agent_interaction_id: UUID
    conversation_id: UUID
    category: Category
    status: Status


class ReviewedOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    status: Status
    quality_score: float | None
    category: Category


def shown(row: CorrectionRow, events: Mapping[int, Recorded]) -> CorrectionOut:
    proposed, latest = events[row.proposed].event, events[row.texts].event
    reviewed = events[row.reviewed].event if row.reviewed else None
    assert isinstance(proposed, Correction.Proposed)
    assert isinstance(latest, Correction.Proposed | Correction.Extended)
    texts: Texts | None = latest.texts
    reviewer = reviewed.reviewer if isinstance(reviewed, Correction.Reviewed) else None
    return CorrectionOut(
        id=row.correction,
        agent_interaction_id=row.interaction,
        conversation_id=row.conversation,
        message=texts.exchange.message if texts is not None else None,
        context=texts.exchange.context if texts is not None else None,
        bot_response=texts.said if texts is not None else None,
        human_response=texts.exchange.answer if texts is not None else None,
        reason=texts.reason if texts is not None else None,
        category=row.category,
        source=row.source,
        status=row.status,
        quality_score=row.quality,
        proposed_by=proposed.proposer.operator or proposed.proposer.by,
        proposed_at=row.proposed_at,
        approved_by=None if reviewer is None else reviewer.operator or reviewer.by,
        reviewed_at=row.reviewed_at,
        lineage=_lineage(proposed.lineage),
    )


def _lineage(lineage: Lineage) -> LineageOut:
    names = LineageOut.__struct_fields__
    return LineageOut(**{name: getattr(lineage, name) for name in names})
