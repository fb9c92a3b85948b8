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
"""Scores that a process keeps, those that were wanted last."""

_Key = tuple[str, str]
"""A passage's id, a hash of its document's version and its text; and the title, which is none of either."""

_scores: OrderedDict[_Key, float] = OrderedDict()


async def screened(
    passages: Sequence[Passage], configuration: AgentConfiguration
) -> tuple[tuple[Passage, ...], tuple[Cut, ...]]:
    """The passages to go by, and those that were left out; none where the tenant wants messages of that kind answered, too. A passage is
    read once, beside the event loop."""
    if configuration.on_injection == "answer":
        return tuple(passages), ()
    keys = [(passage.id, passage.title) for passage in passages]
    # Taken out at once: others may drop them while the rest is read.
    scores = {key: _scores[key] for key in keys if key in _scores}
    new = [(key, passage) for key, passage in zip(keys, passages, strict=True) if key not in scores]
    for key in scores:
        _scores.move_to_end(key)
    if new:
        texts = [f"{passage.title}\n{passage.text}" for _, passage in new]
        found = await asyncio.to_thread(lambda: [screen(text).score for text in texts])
        read = {key: score for (key, _), score in zip(new, found, strict=True)}
        scores |= read
        _scores.update(read)
        while len(_scores) > REMEMBERED:
            _scores.popitem(last=False)
    scored = [(passage, scores[key]) for key, passage in zip(keys, passages, strict=True)]
    left = tuple(passage.id for passage, score in scored if score >= FLAGGED)
    kept = tuple(passage for passage, score in scored if score < FLAGGED)
    return kept, (Cut(kind="passage", why="injection", count=len(left), names=left),) if left else ()
