"""What was said, when, and how did it end? Positions and figures only: the texts are read from the log when shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Table,
    Uuid,
    any_,
    delete,
    literal,
    select,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.conversations.handoff import TAKEOVER
from projections.base import Sql, replacing, row_of, struct_of
from projections.conversations import ConversationRow, conversations
from projections.interactions import InteractionRow, interactions

_C = Conversation
_SAID = (_C.MessageReceived, _C.Answered, _C.Replied, _C.Said)
_REPLACE_CONVERSATIONS, _REPLACE_INTERACTIONS = replacing(conversations), replacing(interactions)


class Transcript:
    name: ClassVar[str] = "transcript"
    version: ClassVar[int] = 3
    tables: ClassVar[Sequence[Table]] = (conversations, interactions)
    events: ClassVar[Sequence[type[Event]]] = (
        _C.Started,
        _C.MessageReceived,
        _C.Disclosed,
        _C.Metered,
        _C.Answered,
        _C.AnswerFailed,
        _C.Said,
        _C.HandedOver,
        _C.Claimed,
        _C.Replied,
        _C.Released,
        _C.HandoffExpired,
        _C.Closed,
        _C.Reopened,
        _C.Forgotten,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        rows = await self._known(batch, sql, tenant)
        answers = await self._known_interactions(batch, sql, tenant)
        for recorded in batch:
            _fold(recorded, rows, answers)
        if forgotten := [recorded.stream for recorded in batch if isinstance(recorded.event, _C.Forgotten)]:
            for table in (conversations, interactions):
                await sql.run(
                    delete(table).where(table.c.tenant == tenant, _is_one_of(table.c.conversation, forgotten))
                )
        await sql.put(_REPLACE_CONVERSATIONS, [row_of(tenant, row) for row in rows.values()])
        await sql.put(_REPLACE_INTERACTIONS, [row_of(tenant, row) for row in answers.values()])

    async def _known(self, batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> dict[UUID, ConversationRow]:
        streams = {recorded.stream for recorded in batch}
        begun = {recorded.stream for recorded in batch if recorded.version == 1}
        if streams == begun:
            return {}
        query = select(conversations).where(
            conversations.c.tenant == tenant,
            _is_one_of(conversations.c.conversation, streams - begun),
        )
        return {row["conversation"]: struct_of(ConversationRow, row) for row in await sql.all(query)}

    async def _known_interactions(
        self, batch: Sequence[Recorded], sql: Sql, tenant: UUID
    ) -> dict[UUID, InteractionRow]:
        named = {interaction for recorded in batch for interaction in interactions_in(recorded.event)}
        if not named:
            return {}
        query = select(interactions).where(
            interactions.c.tenant == tenant,
            _is_one_of(interactions.c.interaction, named),
        )
        return {row["interaction"]: struct_of(InteractionRow, row) for row in await sql.all(query)}


def interactions_in(event: Event | None) -> tuple[UUID, ...]:
    """Those that an event belongs to."""
    if isinstance(event, _C.Replied):
        return event.interactions
    interaction = getattr(event, "interaction", None)
    return () if interaction is None else (interaction,)


def _is_one_of(column: Column[UUID], ids: Iterable[UUID]) -> ColumnElement[bool]:
    return column == any_(literal(list(ids), ARRAY(Uuid)))


def _fold(recorded: Recorded, rows: dict[UUID, ConversationRow], answers: dict[UUID, InteractionRow]) -> None:
    event, at = recorded.event, recorded.recorded_at
    if isinstance(event, _C.Started):
        rows[recorded.stream] = _begun(recorded, event.channel)
    if isinstance(event, _C.Forgotten):
        rows.pop(recorded.stream, None)
        for interaction in [i for i, answer in answers.items() if answer.conversation == recorded.stream]:
            del answers[interaction]
    if (row := rows.get(recorded.stream)) is None:
        return  # what is left of an erased conversation
    row.version, row.last_at = recorded.version, at
    if isinstance(event, _SAID):
        row.said = recorded.position
    _hand(recorded, row)
    if isinstance(event, _C.MessageReceived):
        row.messages += 1
        answer = answers.get(event.interaction)
        if answer is None:
            answer = answers[event.interaction] = InteractionRow(
                interaction=event.interaction,
                conversation=recorded.stream,
                status="pending",
                first_version=recorded.version,
                last_version=recorded.version,
                received_at=at,
            )
        answer.messages += 1
        answer.last_version = recorded.version
    elif isinstance(event, _C.Disclosed):
        answers[event.interaction].last_version = recorded.version
    elif isinstance(event, _C.Metered):
        answer = answers[event.interaction]
        answer.cost += event.cost
        if event.attempts:
            answer.provider = event.attempts[-1].provider
            answer.model = event.attempts[-1].served or event.attempts[-1].model
    elif isinstance(event, _C.Answered | _C.AnswerFailed):
        answer = answers[event.interaction]
        answer.last_version = recorded.version
        if isinstance(event, _C.Answered):
            row.answers += 1
            answer.status, answer.answered_at = "answered", at
            answer.confidence, answer.handoff = event.confidence, event.handoff is not None
            answer.cached, answer.latency_ms = event.cached, event.latency_ms
        else:
            answer.status = "failed"
    elif isinstance(event, _C.Replied):
        row.replies += 1
        for interaction in event.interactions:
            answer = answers[interaction]
            answer.status, answer.answered_at, answer.last_version = "answered", at, recorded.version
    elif isinstance(event, _C.Closed):
        row.status = "closed"
    elif isinstance(event, _C.Reopened):
        row.status = "open"


def _begun(recorded: Recorded, channel: str) -> ConversationRow:
    return ConversationRow(
        conversation=recorded.stream,
        channel=channel,
        status="open",
        started_at=recorded.recorded_at,
        last_at=recorded.recorded_at,
        started=recorded.position,
    )


def _hand(recorded: Recorded, row: ConversationRow) -> None:
    """Who has it: the agent, or a person."""
    event = recorded.event
    if isinstance(event, _C.HandedOver):
        row.handoff, row.waiting_since = event.category, recorded.recorded_at
    elif isinstance(event, _C.Claimed):
        row.handoff, row.waiting_since = row.handoff or TAKEOVER, event.waiting
        row.operator, row.claimed_at = event.operator_id, recorded.position
    elif isinstance(event, _C.MessageReceived) and row.handoff is not None:
        row.waiting_since = row.waiting_since or recorded.recorded_at
    elif isinstance(event, _C.Replied):
        row.waiting_since = None
    elif isinstance(event, _C.Released | _C.HandoffExpired | _C.Closed):
        row.handoff = row.waiting_since = row.operator = row.claimed_at = None
