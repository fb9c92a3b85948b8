"""Recorded answers made again, by another prompt, model, retrieval or configuration: what would be said, cited and paid.

Nothing is written to a stream of what is replayed. With completions of the record nothing is written at all, and no provider asked; where models
are asked, what that costs is held in the budget, and on record in a stream of the replay's own (`domain/replay/answer_replay.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from application.answers.check_variant import check_variant
from application.answers.ports import Ports
from application.learning.as_then import AsThen
from application.ports import Wanted
from application.replay.answers_report import AnswersReplay, Figures, replay_report
from application.replay.replaying import ReplayAnswers as ReplayAnswers
from application.replay.replaying import Replaying
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.base.times import in_utc
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.replay.answer_replay import AnswerReplay

TOPICS = (Conversation.Answered.TOPIC, Call.Answered.TOPIC)
RACES = 5


async def replay_answers(
    command: ReplayAnswers,
    context: Context,
    ports: Ports,
    *,
    head: int,
    tell: Callable[[int], object] = lambda _: None,
) -> AnswersReplay:
    """Up to position `head` of the log; `tell` hears which it has come to. Where the budget has no room any more it ends there, and says so. Raises
    Invalid, Refused."""
    since, until = in_utc("since", command.since), in_utc("until", command.until)
    if since and until and until <= since:
        raise Invalid("since must lie before until")
    source = command.source
    if isinstance(source, Variant):
        source = await check_variant(
            source, context.tenant, store=ports.store, catalogue=ports.providers.catalogue, clock=ports.clock
        )
        command = msgspec.structs.replace(command, source=source)
    replaying = Replaying(command, context, ports, AsThen(context.tenant, ports), Figures(command.rows))
    if command.completions == "ask":
        replaying.stream = AnswerReplay.begin(
            ports.ids(),
            source=source if isinstance(source, str) else "variant",
            variant=None if isinstance(source, str) else source.digest,
            since=since,
            until=until,
            at=ports.clock(),
        )
        await ports.store.save(replaying.stream, context=context)
    wanted, taken = Wanted(topics=TOPICS, since=since, until=until), 0
    async for found in ports.store.find(context.tenant, wanted, after=0, until=head):
        events = [each for each in found.events if until is None or each.recorded_at < until]
        some = events[: command.limit - taken]
        taken += len(some)
        await replaying.take(some)
        tell(found.reached)
        if replaying.stopped is not None or taken >= command.limit:
            break
    return await asyncio.to_thread(
        replay_report,
        replaying.figures,
        source="variant" if isinstance(source, Variant) else source,
        completions=command.completions,
        left_out=replaying.left_out,
        stopped=replaying.stopped,
        stream=None if replaying.stream is None else replaying.stream.id,
    )
