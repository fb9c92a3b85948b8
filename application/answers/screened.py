"""Passages that give the agent orders are no ground for an answer: they are left out of the prompt, on record."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from domain.agents.agent import AgentConfiguration
from domain.answers.context_window import Cut
from domain.answers.understanding.screening import FLAGGED, screen
from domain.models.completion import Passage

REMEMBERED = 10_000
"""Scores that a process keeps, of passages by their ids: hashes of a document's version and the text."""

_scores: OrderedDict[str, float] = OrderedDict()


async def screened(
    passages: Sequence[Passage], configuration: AgentConfiguration
) -> tuple[tuple[Passage, ...], tuple[Cut, ...]]:
    """The passages to go by, and those that were left out; none where the tenant wants messages of that kind answered, too. A passage is
    read once, beside the event loop."""
    if configuration.on_injection == "answer":
        return tuple(passages), ()
    new = [passage for passage in passages if passage.id not in _scores]
    if new:
        scores = await asyncio.to_thread(lambda: [screen(f"{each.title}\n{each.text}").score for each in new])
        _scores.update(zip([passage.id for passage in new], scores, strict=True))
    scored = [(passage, _scores[passage.id]) for passage in passages]
    while len(_scores) > REMEMBERED:
        _scores.popitem(last=False)
    left = tuple(passage.id for passage, score in scored if score >= FLAGGED)
    kept = tuple(passage for passage, score in scored if score < FLAGGED)
    return kept, (Cut(kind="passage", why="injection", count=len(left), names=left),) if left else ()
