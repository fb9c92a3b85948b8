"""The answer to a customer: prepare, complete, decide, record. Each of them, and each save, is in sight in `answer`; to understand the
messages `prepare` may ask a model, whose cost is held until it is on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.answers.inquiry import Understood
from application.answers.prepare import Inquiry, prepare
from application.answers.prepared import Prepared
from application.answers.variants import configuration_for
from application.base.steps import step
from application.base.tasks import run_to_end
from application.conversations.act import Doing, act
from application.conversations.complete_acting import complete_acting, offers_actions
from application.conversations.decide import Reply, decide_reply, opening_of, written_of
from application.conversations.ports import Ports
from application.conversations.record import AnswerGiven as AnswerGiven
from application.conversations.record import record_answer, record_spend
from application.conversations.streaming import Streaming, Subscriber, TakenOver, wait_until_idle
from application.gateway.attempt import Emit
from application.gateway.complete_cached import complete_cached
from application.gateway.run import Run
from application.ports import Store
from domain.answers.memory import Memory
from domain.answers.plan import Situation
from domain.base.aggregate import event_id
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.conversations.conversation import Conversation
from domain.conversations.situation import situation_of
from domain.conversations.state import Burst
from domain.models.completion import Completion

ROOM = 20.0
"""Seconds for which the caller's own request waits for room in the budget: as long as it lasts it keeps its turn (`Turns`), and then
a worker takes over."""

TRIES = 5
"""How often an answer begins again because newer messages came."""

JOINING = timedelta(seconds=20)
"""After the first unanswered message: an answer that begins again later than that takes in no newer messages any more."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`patience`: seconds for which it waits for room in the budget."""

    conversation: UUID
    patience: float = ROOM


@step("answer")
async def answer(
    command: Answer, context: Context, ports: Ports, subscriber: Subscriber | None = None
) -> AnswerGiven | None:
    """Answer what is pending, once: None when nothing was, or a person is to answer it. Newer messages make it begin again, unless it is with the customer, or they
    have held it up for long: then they are the next burst's.

    Raises Unavailable where there is no answer, which is on record then. What a run has cost is on record however this ends.
    """
    # Long: the order of its steps, and what is saved between them, is to be seen in one place.
    run, because = Run(patience=command.patience), context
    try:
        again, joined, shown = 0, 0, False
        understood: Understood | None = None
        while again < TRIES:
            conversation = await wait_until_idle(command.conversation, run, because, ports)
            burst = conversation.pending_for_agent
            if burst is None or (run.asked is not None and burst.interaction != run.interaction):
                break
            if not shown:
                _show_typing(conversation, burst, context, ports)
                shown = True
            if joined < TRIES and ports.store.behind(conversation, context.tenant):
                joined += 1  # nothing was paid yet for those that are here
                continue
            because = await _because_of(burst, conversation.id, context, ports.store)
            heard = (
                subscriber if subscriber is not None and subscriber.interaction == burst.interaction else None
            )
            if again and heard is not None:
                await heard.restarted()
            configuration = await configuration_for(context.tenant, conversation.id, store=ports.store)
            situation, memory = situation_of(conversation.state, burst, configuration)
            inquiry = _inquiry(conversation, burst, situation, memory, understood)
            prepared = await prepare(inquiry, because, ports)
            understood = prepared.considered.understood
            run.begin(prepared.asked, prepared.embeddings, prepared.held)
            if not again and joined < TRIES and ports.store.behind(conversation, context.tenant):
                # No model was asked for the answer yet. Those that came meanwhile are to be understood, and looked for, too: where that is
                # paid for it is done once more, which costs less than an answer that is not told.
                joined = TRIES if run.cost else joined + 1
                continue
            # Saves each call of an action before it is tried, and after it; nothing where there is none.
            prepared = await act(prepared, conversation, burst.interaction, situation, because, ports)
            before = opening_of(prepared)
            streaming = Streaming(
                conversation, prepared.disclosure, heard, because, ports, before, written_of(prepared)
            )
            try:
                if again and _held_up(conversation, burst, ports.clock()):
                    await streaming.begin()  # saves: from now on newer messages are the next burst's
                emit = streaming.emit if heard is not None else None  # saves so before the first piece
                try:
                    if offers_actions(prepared):  # saves each call before it is tried, and after it
                        doing = Doing(prepared, conversation, burst.interaction, because, ports)
                        completion, prepared = await complete_acting(
                            prepared, doing, run, because, ports, emit
                        )
                    else:
                        completion = await _completed(prepared, run, because, ports, emit)
                    taken = False
                except TakenOver:
                    completion, taken = _cut("".join(streaming.got).removeprefix(before), run), True
                reply = decide_reply(prepared, run, completion, situation, memory, taken=taken)
                if emit is not None and not taken:
                    reply = await _ended(reply, emit)
                return await run_to_end(
                    record_answer(conversation, prepared, run, reply, because, ports, sent=streaming.begun)
                )
            except Conflict:
                if streaming.begun:
                    raise
                again += 1
        else:
            raise Conflict("newer messages came again and again while they were answered; it is tried again")
    except BaseException:  # its caller, too, may have been stopped
        if run.unrecorded:
            await run_to_end(record_spend(command.conversation, run, because, ports))
        raise
    if run.asked is not None:  # another answer came first, a person, or an erasure
        await run_to_end(record_spend(command.conversation, run, because, ports))
    return None if burst is None else await answer(command, context, ports, subscriber)


def _show_typing(conversation: Conversation, burst: Burst, context: Context, ports: Ports) -> None:
    if conversation.state.sender is not None:
        ports.typing.show(context.tenant, conversation.state.sender, burst.messages[-1].id)


async def _ended(reply: Reply | None, emit: Emit) -> Reply | None:
    """With the end of it that was not heard yet; without that, where a person has come meanwhile."""
    if reply is None or not (rest := f"{reply.notes}{reply.tail}{reply.suggested}"):
        return reply
    try:
        await emit(rest)
    except TakenOver:
        text = reply.text.removesuffix(reply.tail)
        shown = None if reply.shown is None else reply.shown.removesuffix(f"{reply.notes}{reply.tail}")
        reasons = msgspec.structs.replace(reply.reasons, suggestions=None)
        return msgspec.structs.replace(
            reply, text=text, shown=None if shown == text else shown, reasons=reasons
        )
    return reply


async def _completed(
    prepared: Prepared, run: Run, context: Context, ports: Ports, emit: Emit | None
) -> Completion | None:
    """None, too, where it was decided without a model."""
    if prepared.considered.plan.say is not None:
        return None
    return await complete_cached(prepared.asked, run, context, ports, emit)


def _inquiry(
    conversation: Conversation,
    burst: Burst,
    situation: Situation,
    memory: Memory,
    understood: Understood | None,
) -> Inquiry:
    history, summary = tuple(conversation.earlier), conversation.state.summary
    return Inquiry(
        interaction=burst.interaction,
        subject=conversation.id,
        unit=conversation.id,
        questions=tuple(message.text or message.said for message in burst.messages),
        said=tuple(message.said for message in burst.messages),
        turns=len(history),
        history=history,
        situation=situation,
        understood=understood,
        memory=memory,
        suggests=True,
        summary=None if summary is None else summary.text,
    )


def _cut(text: str, run: Run) -> Completion | None:
    """What the customer has got of an answer before a person came; None: nothing yet."""
    if not text:
        return None
    last = run.attempts[-1]
    return Completion(text=text, finish="other", model=last.model, usage=last.usage, told=True)


def _held_up(conversation: Conversation, burst: Burst, now: datetime) -> bool:
    """Whether it is time to answer what is there, come what may."""
    return conversation.state.begun is not None or now - burst.since > JOINING


async def _because_of(burst: Burst, conversation: UUID, context: Context, store: Store) -> Context:
    """An answer belongs to the request that began its interaction, and comes of the latest message that it answers."""
    cause = event_id(conversation, burst.last)
    if context.causation == cause and burst.first == burst.last:
        return context  # of that very request
    correlation = context.correlation
    async for first in store.stream(context.tenant, conversation, after=burst.first - 1, limit=1):
        correlation = first.correlation
    return msgspec.structs.replace(context, correlation=correlation, causation=cause)
