"""What is owed to a customer: an answer by the agent, one by a person, and that it is sent. To be saved with what makes it due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from application.ports import DELIVER_WORK, FETCH_MEDIA_WORK, Done, Due
from domain.agents.agent import AgentConfiguration
from domain.conversations.content import Part, media_of
from domain.conversations.conversation import Conversation

ANSWER_WORK = "answer"

SUMMARISE_WORK = "summarise"

HANDOFF_WORK = "handoff"
"""A customer who waits for a person waits no longer than the tenant says."""

CANDIDATE_WORK = "correction_candidate"
"""A person's reply, as `conversation/version`, may be what the agent should have said; the room `feedback` looks at it."""

SAFETY_NET = timedelta(seconds=5)
"""When a worker takes over an answer that the caller's own request was to give and did not begin to."""


def deliveries(conversation: Conversation, at: datetime) -> list[Due]:
    """To be saved with anything that the customer is to get; nothing where they fetch it themselves."""
    if not conversation.delivers:
        return []
    return [Due(kind=DELIVER_WORK, key=conversation.id.hex, due_at=at)]


def owed_to_message(
    conversation: Conversation, configuration: AgentConfiguration, at: datetime, *, holder: UUID | None
) -> list[Due]:
    """What the message owes that was just received. `holder`: of a request that waits for the answer, and gives it at once.

    Where none does, the agent answers when the customer has been quiet for a while; each message puts it off, but only so far from the first
    one on. Where a person is to answer, that one is waited for.
    """
    if conversation.state.handoff is not None:
        return expiry(conversation, configuration)
    key = conversation.id.hex
    if holder is not None:
        lease = round(SAFETY_NET.total_seconds())
        return [Due(kind=ANSWER_WORK, key=key, due_at=at + SAFETY_NET, holder=holder, lease=lease)]
    burst = conversation.state.burst
    assert burst is not None
    quiet = at + timedelta(seconds=configuration.quiet_seconds)
    longest = burst.since + timedelta(seconds=configuration.burst_seconds)
    return [Due(kind=ANSWER_WORK, key=key, due_at=max(at, min(quiet, longest)))]


def candidate(conversation: Conversation, at: datetime) -> list[Due]:
    """To be saved with a person's reply, which is the conversation's last event."""
    key = f"{conversation.id.hex}/{conversation.version}"
    return [Due(kind=CANDIDATE_WORK, key=key, due_at=at)]


def files(conversation: Conversation, parts: Sequence[Part], at: datetime) -> list[Due]:
    """To be saved with a message: the files among its parts are fetched."""
    if not any(True for _ in media_of(parts)):
        return []
    return [Due(kind=FETCH_MEDIA_WORK, key=conversation.id.hex, due_at=at)]


def summary(conversation: Conversation, at: datetime) -> list[Due]:
    """To be saved with an answer: so much was said that it is to be summed up."""
    if not conversation.to_summarise:
        return []
    return [Due(kind=SUMMARISE_WORK, key=conversation.id.hex, due_at=at)]


def waits_until(conversation: Conversation, configuration: AgentConfiguration) -> datetime | None:
    """Until when the customer waits for a person; None: nobody waits."""
    handoff = conversation.state.handoff
    if handoff is None or handoff.waiting is None:
        return None
    return handoff.waiting + timedelta(minutes=configuration.handoff_minutes)


def expiry(conversation: Conversation, configuration: AgentConfiguration) -> list[Due]:
    """To be saved with whatever makes the customer wait for a person: a handover, a claim, a message meanwhile."""
    due_at = waits_until(conversation, configuration)
    if due_at is None:
        return []
    return [Due(kind=HANDOFF_WORK, key=conversation.id.hex, due_at=due_at)]


def given_back(conversation: Conversation, at: datetime) -> list[Due | Done]:
    """Once the agent has it again: nobody waits for a person any more, and what is pending is to be answered."""
    key = conversation.id.hex
    settled = Done(kind=HANDOFF_WORK, key=key)
    if conversation.pending_for_agent is None:
        return [settled]
    return [settled, Due(kind=ANSWER_WORK, key=key, due_at=at)]
