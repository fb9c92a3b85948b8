"""Recorded answers made again, by another prompt, model, retrieval or configuration: what would be said, cited and paid.

Nothing is written to a stream of what is replayed. With completions of the record nothing is written at all, and no provider asked; where models
are asked, what came of it and what that costs is on record in a stream of the replay's own (`domain/replay/answer_replay.py`), held in the budget
meanwhile, and the replay can be gone on with where it was cut off (`ledger.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import msgspec

from application.answers.check_variant import check_variant
from application.answers.ports import Ports
from application.learning.as_then import AsThen
from application.ports import Wanted
from application.replay.answers_report import AnswersReplay, Figures, replay_report
from application.replay.ledger import Ledger, begin_ledger, resume_ledger
from application.replay.replaying import ReplayAnswers as ReplayAnswers
from application.replay.replaying import Replaying
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.base.times import in_utc
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.replay.answer_replay_state import Plan

TOPICS = (Conversation.Answered.TOPIC, Call.Answered.TOPIC)


class ResumeReplay(msgspec.Struct, frozen=True, kw_only=True):
    """Go on with a replay that asks models, where it was cut off. `at_once`, `rows`: as when it was begun."""

    replay: UUID
    at_once: int = 4
    rows: int = 100


async def replay_answers(
    command: ReplayAnswers,
    context: Context,
    ports: Ports,
    *,
    head: int,
    tell: Callable[[int], object] = lambda _: None,
    begun: Callable[[UUID], object] = lambda _: None,
) -> AnswersReplay:
    """Up to position `head` of the log; `tell` hears which it has come to, `begun` the stream of one that asks models. Where the budget has no room
    any more it ends there, and says so. Raises Invalid, Refused."""
    since, until = in_utc("since", command.since), in_utc("until", command.until)
    if since and until and until <= since:
        raise Invalid("since must lie before until")
    source, ledger = command.source, None
    if isinstance(source, Variant):
        source = await check_variant(
            source, context.tenant, store=ports.store, catalogue=ports.providers.catalogue, clock=ports.clock
        )
    command = msgspec.structs.replace(command, source=source, since=since, until=until)
    if command.completions == "ask":
        ledger = await begin_ledger(_plan_of(command, head), context, ports)
        begun(ledger.replay.id)
    return await _replayed(command, ledger, head, context, ports, tell)


async def resume_replay(
    command: ResumeReplay, context: Context, ports: Ports, *, tell: Callable[[int], object] = lambda _: None
) -> AnswersReplay:
    """The report as `replay_answers` has it, of the same answers: those that are on record are not asked again. Raises NotFound, Refused."""
    ledger, plan = await resume_ledger(command.replay, context, ports)
    wanted = ReplayAnswers(
        source=plan.agent
        if plan.agent is not None
        else ("current" if plan.source == "current" else "as-recorded"),
        completions="ask",
        since=plan.since,
        until=plan.until,
        limit=plan.limit,
        at_once=command.at_once,
        rows=command.rows,
    )
    return await _replayed(wanted, ledger, plan.head, context, ports, tell)


async def _replayed(
    command: ReplayAnswers,
    ledger: Ledger | None,
    head: int,
    context: Context,
    ports: Ports,
    tell: Callable[[int], object],
) -> AnswersReplay:
    replaying = Replaying(
        command, context, ports, AsThen(context.tenant, ports), Figures(command.rows), ledger
    )
    wanted, taken = Wanted(topics=TOPICS, since=command.since, until=command.until), 0
    async for found in ports.store.find(context.tenant, wanted, after=0, until=head):
        events = [each for each in found.events if command.until is None or each.recorded_at < command.until]
        some = events[: command.limit - taken]
        taken += len(some)
        await replaying.take(some)
        tell(found.reached)
        if replaying.stopped is not None or taken >= command.limit:
            break
    return await asyncio.to_thread(
        replay_report,
        replaying.figures,
        source="variant" if isinstance(command.source, Variant) else command.source,
        completions=command.completions,
        left_out=replaying.left_out,
        stopped=replaying.stopped,
        stream=None if ledger is None else ledger.replay.id,
    )


def _plan_of(command: ReplayAnswers, head: int) -> Plan:
    source = command.source
    return Plan(
        source=source if isinstance(source, str) else "variant",
        agent=source if isinstance(source, Variant) else None,
        since=command.since,
        until=command.until,
        limit=command.limit,
        head=head,
    )
