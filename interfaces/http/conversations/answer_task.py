"""A request that gives the answer to the message which it brought, and waits for it no longer than it was told to."""

from __future__ import annotations

import asyncio
import logging
import time
from uuid import UUID

import msgspec

from application.audit.explain_interaction import interaction_events
from application.base.in_work import after_those_in_line, kept
from application.conversations.answer import Answer, AnswerGiven, answer
from application.conversations.conversation import Received
from application.conversations.owing import ANSWER_WORK
from application.conversations.streaming import Subscriber
from application.ports import Located
from domain.base.aggregate import event_id
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.base.problem_kinds import place_of
from interfaces.http.conversations.feedback_token import with_token
from interfaces.http.conversations.interaction import Interaction, from_answer, from_events

log = logging.getLogger("retrace.http")

BURST = 100
"""Versions before a message within which the rest of its burst is looked for."""


def has_room(tenant: UUID, services: Services) -> bool:
    """Whether one more answer may be begun here: an eighth of all connections for one tenant, for requests may go before their answers. Else it is a worker's."""
    return services.answering[tenant] < services.settings.max_connections // 8


def begin_answer(
    received: Received,
    wait: float,
    context: Context,
    services: Services,
    subscriber: Subscriber | None = None,
) -> asyncio.Task[AnswerGiven | None]:
    """The answer under way. It goes on when its request has gone, which waits for `wait` seconds.

    Where somebody else is at it, that one's answer is waited for, as long as the request does. None: there is no answer of our own.
    """
    task = asyncio.create_task(_given(received, wait, context, services, subscriber))
    services.background.add(task)
    services.answering[context.tenant] += 1
    leave = kept()

    def ended(_: object) -> None:
        services.answering[context.tenant] -= 1
        if not services.answering[context.tenant]:
            del services.answering[context.tenant]
        leave()

    task.add_done_callback(ended)
    task.add_done_callback(services.background.discard)
    task.add_done_callback(_told)
    return task


async def interaction_given(
    given: AnswerGiven | None, received: Received, tenant: UUID, services: Services
) -> tuple[Interaction, int] | None:
    """The answer, given here or by whoever was quicker, and its position; None when there is none yet."""
    if given is not None and given.event.interaction == received.interaction:
        return await with_token(from_answer(given), tenant, services), given.position
    place = Located(received.conversation, max(1, received.version - BURST))
    events = await interaction_events(tenant, place, received.interaction, store=services.store)
    found = from_events(events) if events else None
    if found is None or found.status != "answered":
        return None
    return await with_token(found, tenant, services), events[-1].position


def pending(received: Received) -> Interaction:
    return Interaction(id=received.interaction, conversation=received.conversation, status="pending")


async def _given(
    received: Received, wait: float, context: Context, services: Services, subscriber: Subscriber | None
) -> AnswerGiven | None:
    """An earlier burst, whose answer somebody has left off, comes first."""
    because = msgspec.structs.replace(context, causation=event_id(received.conversation, received.version))
    until = time.monotonic() + wait
    row, holder = (context.tenant, ANSWER_WORK, received.conversation.hex), received.holder
    while True:
        async with services.turns.take(*row, within=until - time.monotonic(), holder=holder) as turn:
            if turn is None:
                return None
            await after_those_in_line()  # they may bring messages of the same burst
            given = await answer(Answer(conversation=received.conversation), because, services, subscriber)
            if given is None:
                turn.nothing()
            elif given.more:
                turn.more()
        if given is None or given.event.interaction == received.interaction or not given.more:
            return given
        holder = None


def _told(task: asyncio.Task[AnswerGiven | None]) -> None:
    """Log how an answer failed, for its request may have gone. Texts of errors may be personal."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("an answer failed and is tried again: %s at %s", type(error).__name__, place_of(error))
