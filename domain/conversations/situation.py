"""The situation in which a burst comes: what the agent decides by, as the conversation's log has it. Pure, so that a decision can be taken again."""

from __future__ import annotations

from datetime import timedelta

from domain.agents.configuration import AgentConfiguration
from domain.answers.memory import Memory, in_new_session, viewed
from domain.answers.plan import Situation
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
            unsure=memory.unsure,
            failures=state.failures,
        ),
        memory,
    )
