"""Rows of the list: the figures are the read model's, the words are read from the log, all of a page at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from interfaces.bootstrap import Services
from interfaces.http.console.people import names_of
from interfaces.http.conversations.conversation_forms import operator_of
from interfaces.http.conversations.turns import turns_in
from projections.conversations import ConversationRow

SNIPPET = 160
ERASED = "erased"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """`operator`: the name of who has it; `mine`: whether that is the reader. `said`: the last words, `by` whom."""

    id: UUID
    who: str
    channel: str
    status: str
    handoff: str | None
    waiting_since: datetime | None
    operator: str | None
    mine: bool
    said: str
    by: str
    last_at: datetime


async def listed(
    rows: Sequence[ConversationRow], services: Services, tenant: UUID, actor: str
) -> list[Listed]:
    """`actor`: the reader."""
    positions = {at for row in rows for at in (row.started, row.said, row.claimed_at) if at is not None}
    events = await services.store.several(tenant, sorted(positions)) if positions else {}
    holders = {row.conversation: _holder(row, events) for row in rows}
    names = await names_of(holders.values(), services, tenant)
    return [_listed(row, events, holders[row.conversation], names, actor) for row in rows]


def _holder(row: ConversationRow, events: Mapping[int, Recorded]) -> str | None:
    claim = events.get(row.claimed_at or 0)
    return operator_of(claim) if claim is not None else None


def _listed(
    row: ConversationRow,
    events: Mapping[int, Recorded],
    holder: str | None,
    names: Mapping[str, str],
    actor: str,
) -> Listed:
    began, last = events.get(row.started), events.get(row.said or 0)
    started = began.event if began is not None else None
    turns = list(turns_in(last)) if last is not None else []
    text = " ".join(turns[-1].text.split()) if turns else ""
    return Listed(
        id=row.conversation,
        who=(started.name or started.address) if isinstance(started, Conversation.Started) else ERASED,
        channel=row.channel,
        status=row.status,
        handoff=row.handoff,
        waiting_since=row.waiting_since,
        operator=names.get(holder) if holder is not None else None,
        mine=holder == actor,
        said=text if len(text) <= SNIPPET else f"{text[:SNIPPET]}…",
        by=turns[-1].by if turns else "",
        last_at=row.last_at,
    )
