"""The agent's prompt, made where it holds nobody up: a long one beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from domain.agents.agent import AgentConfiguration
from domain.answers.background import NOTHING, Background
from domain.answers.prompts import answer_prompt
from domain.answers.wordings import SHIPPED, Wordings
from domain.models.completion import Passage, Turn
from domain.retrieval.conflicts.conflicts import Conflict

INLINE = 100_000
"""Characters of a prompt that is made on the spot (some milliseconds)."""


async def prompt_of(
    configuration: AgentConfiguration,
    history: Sequence[Turn],
    passages: Sequence[Passage],
    questions: Sequence[str],
    name: str | None = None,
    wordings: Wordings = SHIPPED,
    background: Background = NOTHING,
    conflicts: Sequence[Conflict] = (),
) -> tuple[Turn, ...]:
    """As `answer_prompt`."""
    given = (configuration, history, passages, questions, name, wordings, background, conflicts)
    size = sum([len(turn.text) for turn in history]) + sum(map(len, questions))
    return answer_prompt(*given) if size <= INLINE else await asyncio.to_thread(answer_prompt, *given)
