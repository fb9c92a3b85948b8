"""Consider: what the messages say, and what is to be done about it, before anything is looked for or asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from domain.agents.agent import AgentConfiguration
from domain.answers.decision import ANSWER, Plan, Situation, decide
from domain.answers.memory import Memory, understood
from domain.answers.understanding import Business, Understanding, understand
from domain.models.completion import Turn

INLINE = 2_000
"""Characters of messages that are understood on the spot; more is understood beside the event loop."""


class Considered(msgspec.Struct, frozen=True, kw_only=True):
    understanding: Understanding | None = None
    """None: nobody asked."""

    plan: Plan = ANSWER
    memory: Memory = Memory()
    """With what the messages say."""


async def consider(
    questions: Sequence[str],
    history: Sequence[Turn],
    situation: Situation,
    memory: Memory,
    configuration: AgentConfiguration,
) -> Considered:
    business = business_of(configuration)

    def considered() -> Considered:
        understanding = understand(questions, history, business=business)
        plan = decide(understanding, situation, questions, configuration)
        return Considered(understanding=understanding, plan=plan, memory=understood(memory, understanding))

    return considered() if sum(map(len, questions)) <= INLINE else await asyncio.to_thread(considered)


def business_of(configuration: AgentConfiguration) -> Business:
    """What the tenant's business has words for."""
    return Business(
        names=configuration.business_names,
        topics=configuration.business_topics,
        aliases=configuration.business_aliases,
    )
