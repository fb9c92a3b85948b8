"""A recorded answer of the completions API, ready to be made again."""

from __future__ import annotations

from msgspec.structs import replace

from application.answers.ports import Ports
from application.chat.inquiry import inquiry_of
from application.chat.record import Chat
from application.learning.as_then import AsThen
from application.learning.recorded_form import Missing, RecordedAnswer, passages_in
from domain.answers.plan import Decision
from domain.base.context import Context
from domain.base.errors import Refusal
from domain.base.recorded import Recorded
from domain.chat.call import Call


async def recorded_call(
    answered: Recorded, event: Call.Answered, as_then: AsThen, context: Context, ports: Ports
) -> RecordedAnswer:
    """Of `call.answered`. Raises Missing."""
    requested, prompted, metered = None, None, None
    async for recorded in ports.store.stream(context.tenant, answered.stream):
        match recorded.event:
            case Call.Requested():
                requested = recorded.event
            case Call.Prompted():
                prompted = recorded.event
            case Call.Metered():
                metered = recorded.event
    if requested is None or metered is None:
        raise Missing("its customer was erased")
    call = Chat(
        id=answered.stream,
        model=requested.model,
        messages=requested.messages,
        max_tokens=requested.max_tokens,
        temperature=requested.temperature,
        stop=requested.stop,
        options=requested.options or {},
        tools=requested.tools,
        tool_choice=requested.tool_choice,
        parallel_tool_calls=requested.parallel_tool_calls,
        answer_format=requested.answer_format,
        choices=requested.choices,
        logprobs=requested.logprobs,
    )
    try:
        inquiry = await inquiry_of(call, context, ports)
    except Refusal:
        raise Missing("the model that it names is not there any more") from None
    agent = 0 if prompted is None else prompted.configuration_version
    served = await as_then.served(answered.position, agent, metered.routing.policy, metered.variants)
    inquiry = replace(inquiry, screens=event.decision is not None)
    return RecordedAnswer(
        interaction=answered.stream,
        unit=metered.unit or answered.stream,
        subject=requested.user_id or answered.stream,
        position=answered.position,
        inquiry=inquiry,
        served=served,
        passages=() if prompted is None else passages_in(prompted.retrieved, prompted.prompt),
        pending=0,
        prompt=requested.messages if prompted is None else prompted.prompt,
        model=metered.routing.model,
        attempts=metered.attempts,
        embeddings=metered.embeddings,
        cost=metered.cost,
        text=event.text,
        calls=event.calls,
        others=event.others,
        citations=event.citations,
        decision=event.decision or Decision(),
        confidence=0.0,
        latency_ms=event.latency_ms,
    )
