"""What was said around an answer of the agent's, and what led to it: read from the conversation's log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec

from application.ports import Store
from domain.base.recorded import Recorded
from domain.conversations.content import said
from domain.conversations.conversation import Conversation
from domain.conversations.messages import Use
from domain.feedback.exchange import Exchange
from domain.feedback.lineage import LONGEST, Lineage, Texts
from domain.models.completion import Turn

BEFORE = 200
"""Events before an answer, or before a person's reply, in which it is looked for what was said earlier."""

TURNS = 10
"""Of what was said earlier, at most."""


class Answer(msgspec.Struct, kw_only=True):
    """One answer of the agent's. `messages`: those that it answers; `followed`: what the customer wrote after it, before a person's first reply;
    `replies`: that one's, until the customer wrote again."""

    answered: Recorded
    event: Conversation.Answered
    earlier: tuple[Turn, ...]
    messages: tuple[Recorded, ...]
    disclosure: str | None = None
    prompt: Recorded | None = None
    metered: Conversation.Metered | None = None
    followed: list[Recorded] = []
    replies: list[Recorded] = []


async def answers_in(
    conversation: UUID, tenant: UUID, *, store: Store, since: int, until: int | None = None
) -> tuple[list[Answer], list[Recorded]]:
    """The agent's answers in the events of these versions, each with what belongs to it; and those events."""
    events: list[Recorded] = []
    async for recorded in store.stream(tenant, conversation, after=max(0, since - 1)):
        if until is not None and recorded.version > until:
            break
        events.append(recorded)
    return list(_answers(events)), events


def _answers(events: Iterable[Recorded]) -> Iterator[Answer]:
    told: list[Turn] = []
    messages: dict[UUID, list[Recorded]] = {}
    prompts: dict[UUID, Recorded] = {}
    metered: dict[UUID, Conversation.Metered] = {}
    disclosures: dict[UUID, str] = {}
    current: Answer | None = None
    for recorded in events:
        event = recorded.event
        if isinstance(event, Conversation.MessageReceived):
            messages.setdefault(event.interaction, []).append(recorded)
            if current is not None and current.replies:
                yield current
                current = None
            elif current is not None:
                current.followed.append(recorded)
            told.append(Turn(role="user", text=_said(recorded)))
        elif isinstance(event, Conversation.Disclosed):
            disclosures[event.interaction] = event.text
        elif isinstance(event, Conversation.Prompted):
            prompts[event.interaction] = recorded
        elif isinstance(event, Conversation.Metered):
            metered[event.interaction] = event
        elif isinstance(event, Conversation.Answered):
            if current is not None:
                yield current
            asked = messages.pop(event.interaction, [])
            earlier = told[: len(told) - len(asked)] if asked else told
            current = Answer(
                answered=recorded,
                event=event,
                earlier=tuple(earlier[-TURNS:]),
                messages=tuple(asked),
                disclosure=disclosures.get(event.interaction),
                prompt=prompts.get(event.interaction),
                metered=metered.get(event.interaction),
                followed=[],
                replies=[],
            )
            told.append(Turn(role="assistant", text=event.text))
        elif isinstance(event, Conversation.Replied | Conversation.Said | Conversation.Campaigned):
            if current is not None and isinstance(event, Conversation.Replied):
                current.replies.append(recorded)
            told.append(Turn(role="assistant", text=event.text))
    if current is not None:
        yield current


def lineage_of(answer: Answer, conversation: Conversation, events: Iterable[Recorded]) -> Lineage:
    """`events`: those in which what was said earlier stands; the strictest of their uses holds for all of it."""
    event, state = answer.event, conversation.state
    prompted = answer.prompt.event if answer.prompt is not None else None
    attempt = answer.metered.attempts[-1] if answer.metered is not None and answer.metered.attempts else None
    understood = event.understanding
    return Lineage(
        interaction=event.interaction,
        conversation=conversation.id,
        channel=state.channel,
        sender=state.sender,
        use=strictest(events),
        prompt=answer.prompt.id if answer.prompt is not None else None,
        template=event.template,
        configuration_version=event.configuration_version,
        passages=tuple(each.passage for each in prompted.retrieved)
        if isinstance(prompted, Conversation.Prompted)
        else (),
        provider=attempt.provider if attempt is not None else None,
        model=(attempt.served or attempt.model) if attempt is not None else None,
        language=understood.language if understood is not None else None,
        intent=understood.intents[0].name if understood is not None and understood.intents else None,
    )


def strictest(events: Iterable[Recorded]) -> Use:
    """What all of the customer's messages in them may be used for."""
    uses = {each.event.use for each in events if isinstance(each.event, Conversation.MessageReceived)}
    return "none" if "none" in uses else "tenant_only"


def texts_of(
    answer: Answer, right: str, conversation: Conversation, events: Sequence[Recorded], reason: str = ""
) -> Texts:
    """`right`: the answer that should have been given; cut where it is too long. What the customer wrote until then is answered by it."""
    message = message_of([*answer.messages, *answer.followed])
    exchange = Exchange(message=message, context=answer.earlier, answer=right[:LONGEST])
    known = tuple(sorted(people_in(conversation, events)))
    return Texts(exchange=exchange, said=answer.event.text, reason=reason, known=known)


def message_of(received: Iterable[Recorded]) -> str:
    """Several in a row are one."""
    return "\n".join(map(_said, received))


def people_in(conversation: Conversation, events: Iterable[Recorded]) -> set[str]:
    """Names and addresses of the customer, and names of the operators."""
    state = conversation.state
    known = {state.name or "", state.address, state.origin or ""}
    for recorded in events:
        if isinstance(recorded.event, Conversation.Claimed | Conversation.Replied | Conversation.Released):
            known.add(recorded.event.operator)
    return known - {""}


def _said(recorded: Recorded) -> str:
    """All of a message in one text."""
    assert isinstance(recorded.event, Conversation.MessageReceived)
    return said(recorded.event.text, recorded.event.parts)
