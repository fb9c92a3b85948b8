"""The work of conversations: an answer to what a customer has said, the end of the wait for a person, a summary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from application.base.work import context_of
from application.conversations.answer import Answer, answer
from application.conversations.handoff import ExpireHandoff, expire_handoff
from application.conversations.owing import ANSWER_WORK, HANDOFF_WORK, SUMMARISE_WORK
from application.conversations.ports import Ports as Ports
from application.conversations.settle_call import SettleCall, settle_call
from application.conversations.summarise import Summarise, summarise
from application.ports import ACTION_WORK, Item, Kind

PATIENCE = 300.0
"""Seconds for which a worker waits for room in a tenant's budget before it tries again later."""


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_answer(item: Item) -> None:
        more = True
        while more:
            command = Answer(conversation=UUID(item.key), patience=PATIENCE)
            given = await answer(command, context_of(item, p.ids), p)
            more = given is not None and given.more

    async def do_expire_handoff(item: Item) -> datetime | None:
        command = ExpireHandoff(conversation=UUID(item.key))
        return await expire_handoff(command, context_of(item, p.ids), store=p.store, clock=p.clock)

    async def do_summarise(item: Item) -> None:
        await summarise(Summarise(conversation=UUID(item.key)), context_of(item, p.ids), p)

    async def do_settle_call(item: Item) -> datetime | None:
        return await settle_call(SettleCall(call=UUID(item.key)), context_of(item, p.ids), p)

    return {
        ACTION_WORK: Kind(handler=do_settle_call, attempts=50, lease=90.0),
        ANSWER_WORK: Kind(handler=do_answer),
        HANDOFF_WORK: Kind(handler=do_expire_handoff, attempts=20),
        SUMMARISE_WORK: Kind(handler=do_summarise),
    }
