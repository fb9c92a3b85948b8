"""Recorded answers: what a conversation's answer, or a call's, was asked with and rested on, ready to be made again; and what came of it."""

from __future__ import annotations

from application.answers.inquiry import Inquiry, Understood
from application.answers.ports import Ports
from application.learning.as_then import AsThen
from application.learning.recorded_call import recorded_call
from application.learning.recorded_form import Missing as Missing
from application.learning.recorded_form import RecordedAnswer as RecordedAnswer
from application.learning.recorded_form import passages_in
from application.retrieval.query import QuestionVector
from domain.answers.acting.tools import without_calls
from domain.answers.decision import SCREENED_SINCE
from domain.base.context import Context
from domain.base.errors import Erased
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.conversations.situation import situation_of
from domain.retrieval.embedding_model import LOCAL

BEFORE = 4
"""Events of an answer's own save, at most."""


async def recorded_answer(
    answered: Recorded, as_then: AsThen, context: Context, ports: Ports
) -> RecordedAnswer:
    """Of the event that has the answer (`conversation.answered`, `call.answered`). Raises Missing."""
    event = answered.event
    if isinstance(event, Conversation.Answered):
        return await _of_conversation(answered, event, as_then, context, ports)
    if isinstance(event, Call.Answered):
        return await recorded_call(answered, event, as_then, context, ports)
    raise Missing("its customer was erased")


async def _of_conversation(
    answered: Recorded, event: Conversation.Answered, as_then: AsThen, context: Context, ports: Ports
) -> RecordedAnswer:
    # Long: what belongs to one answer, in the order in which it was found then.
    prompted, metered, before = None, None, answered.version
    after = max(0, answered.version - 1 - BEFORE)
    async for recorded in ports.store.stream(context.tenant, answered.stream, after=after, limit=BEFORE):
        found = recorded.event
        if recorded.version >= answered.version or getattr(found, "interaction", None) != event.interaction:
            continue
        if isinstance(found, Conversation.Prompted):
            prompted, before = found, min(before, recorded.version)
        elif isinstance(found, Conversation.Metered):
            metered, before = found, min(before, recorded.version)
    if metered is None:
        raise Missing("its cost is not beside it")
    try:
        conversation = await ports.store.load(
            Conversation, answered.stream, tenant=context.tenant, version=before - 1
        )
    except Erased:
        raise Missing("its customer was erased") from None
    burst = conversation.pending
    if burst is None or burst.interaction != event.interaction:
        raise Missing("its messages are not there as they were")
    if conversation.state.handoff is not None:
        raise Missing("a person came while it was told")
    served = await as_then.served(
        answered.position, event.configuration_version, metered.routing.policy, metered.variants
    )
    situation, memory = situation_of(conversation.state, burst, served.settings.configuration)
    questions = tuple(message.text or message.said for message in burst.messages)
    history = tuple(conversation.earlier)
    if prompted is not None and any(each.kind == "history" for each in event.cut):
        history = without_calls(prompted.prompt)[1:-1]  # as much as there was room for then
    understood = None
    if event.understanding is not None:
        understood = Understood(
            questions=questions,
            history=history,
            understanding=event.understanding,
            vector=QuestionVector(model=LOCAL),
        )
    summary = conversation.state.summary
    return RecordedAnswer(
        interaction=event.interaction,
        unit=conversation.id,
        subject=conversation.subject,
        position=answered.position,
        inquiry=Inquiry(
            interaction=event.interaction,
            subject=conversation.id,
            questions=questions,
            said=tuple(message.said for message in burst.messages),
            turns=len(history),
            history=history,
            situation=situation,
            understood=understood,
            memory=memory,
            screens=event.decision.rule >= SCREENED_SINCE,
            summary=None if summary is None else summary.text,
        ),
        served=served,
        passages=() if prompted is None else passages_in(prompted.retrieved, prompted.prompt),
        pending=event.pending_documents,
        prompt=() if prompted is None else prompted.prompt,
        model=metered.routing.model,
        attempts=metered.attempts,
        embeddings=metered.embeddings,
        cost=metered.cost,
        text=event.text,
        citations=event.citations,
        decision=event.decision,
        confidence=event.confidence,
        latency_ms=event.latency_ms,
        suggestions=event.suggestions,
    )
