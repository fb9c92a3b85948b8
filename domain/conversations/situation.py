"""The situation in which a burst comes: what the agent decides by, as the conversation's log has it. Pure, so that a decision can be taken again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from domain.agents.configuration import AgentConfiguration
from domain.answers.memory import Memory, Missed, in_new_session, shortened, viewed
from domain.answers.plan import Situation
from domain.answers.replies import answer_in
from domain.answers.suggesting.reactions import pressed_offer
from domain.conversations.content import Choice
from domain.conversations.state import Burst, ConversationState


def situation_of(
    state: ConversationState, burst: Burst, configuration: AgentConfiguration
) -> tuple[Situation, Memory]:
    """And the memory: that of a new session, where the one before has ended."""
    memory, last = state.memory, state.answered_at
    pause = timedelta(minutes=configuration.session_minutes)
    ended = last is not None and burst.since - last > pause
    if ended:
        memory = in_new_session(memory)
    return (
        Situation(
            viewed=viewed(memory),
            returned=memory.earlier if ended else None,
            pending=memory.pending,
            missed=memory.missed[-1] if memory.missed else None,
            asked=_asked(state),
            unsure=memory.unsure,
            failures=state.failures,
            at=burst.since,
            last=state.last_interaction,
            matched=state.matched,
            suggested=state.suggested,
            pressed=_pressed(burst),
            refuses=_refuses(burst),
        ),
        memory,
    )


def _asked(state: ConversationState) -> Missed | None:
    """The messages that were answered last."""
    waiting = sum(len(each.messages) for each in (state.begun, state.burst) if each is not None)
    before = state.history[: max(0, len(state.history) - waiting)]
    while before and before[-1].role != "user":
        before.pop()
    texts: list[str] = []
    while before and before[-1].role == "user":
        texts.insert(0, before.pop().text)
    if state.last_interaction is None or not texts:
        return None
    return Missed(interaction=state.last_interaction, question=shortened("\n".join(texts)))


def _pressed(burst: Burst) -> tuple[UUID, ...]:
    choices = [part for message in burst.messages for part in message.parts if isinstance(part, Choice)]
    offers = [pressed_offer(each.id) for each in choices]
    return tuple(dict.fromkeys(offer for offer in offers if offer is not None))


def _refuses(burst: Burst) -> bool:
    reply = answer_in("\n".join(message.text for message in burst.messages))
    return reply is not None and reply[0] == "no"
