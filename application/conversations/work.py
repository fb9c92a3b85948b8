"""The work of conversations: an answer to what a customer has said."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from application.answers.ports import Ports as Ports
from application.base.work import context_of
from application.conversations.answer import Answer, answer
from application.conversations.conversation import ANSWER_WORK
from application.ports import Item, Kind

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

    return {
        ANSWER_WORK: Kind(handler=do_answer),
    }
