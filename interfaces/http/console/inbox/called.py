"""Calls of actions in a conversation, as its page shows them: the latest, with what they say where somebody is to decide."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.actions.calling import read_call
from interfaces.bootstrap import Services
from projections.action_calls import ActionCallRow, ActionCalls, list_calls

MOST = 10


class CalledShown(msgspec.Struct, frozen=True, kw_only=True):
    """`words`: what an operator may say of it; `arguments` where there are any."""

    row: ActionCallRow
    words: Sequence[tuple[str, str]] = ()
    arguments: str = ""


async def calls_shown(services: Services, tenant: UUID, conversation: UUID) -> list[CalledShown]:
    async with services.reads.at(tenant, ActionCalls(), None) as sql:
        rows = await list_calls(sql, tenant, conversation=conversation, limit=MOST)
    return [await _shown(services, tenant, row) for row in rows]


async def _shown(services: Services, tenant: UUID, row: ActionCallRow) -> CalledShown:
    words: Sequence[tuple[str, str]] = ()
    if row.status == "waiting" and row.consent == "operator":
        words = (("approve", "Approve"), ("decline", "Decline"))
    elif row.status == "unknown":
        words = (("done", "It was done"), ("not_done", "It was not done"))
    if not words:
        return CalledShown(row=row)
    record = await read_call(row.id, tenant, store=services.store)
    arguments = "" if record.arguments is None else msgspec.json.encode(record.arguments).decode()
    return CalledShown(row=row, words=words, arguments=arguments)
