"""What gives the agent orders is no ground for an answer, whoever wrote it: a passage, an earlier message, a summary, a fact. It is left out of the
prompt, on record; not where the tenant wants messages of that kind answered, too."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from application.answers.inquiry import Inquiry
from domain.agents.agent import AgentConfiguration
from domain.answers.context_window import Cut, Left
from domain.answers.understanding.screening import FLAGGED, screen
from domain.models.completion import Passage, Turn

REMEMBERED = 10_000
"""Scores that a process keeps, those that were wanted last, by a digest of the text: the same passages and turns come again and again."""

_scores: OrderedDict[bytes, float] = OrderedDict()


async def screened(
    passages: Sequence[Passage], configuration: AgentConfiguration
) -> tuple[tuple[Passage, ...], tuple[Cut, ...]]:
    """The passages to go by, and those that were left out."""
    if configuration.on_injection == "answer":
        return tuple(passages), ()
    flags = await give_orders([f"{passage.title}\n{passage.text}" for passage in passages])
    flagged = list(zip(passages, flags, strict=True))
    left = tuple(passage.id for passage, found in flagged if found)
    kept = tuple(passage for passage, found in flagged if not found)
    return kept, (Cut(kind="passage", why="injection", count=len(left), names=left),) if left else ()


async def screened_inquiry(
    inquiry: Inquiry, configuration: AgentConfiguration
) -> tuple[Inquiry, tuple[Cut, ...]]:
    """Without the user's earlier messages that give orders, and without a summary that does."""
    if configuration.on_injection == "answer" or not inquiry.screens:
        return inquiry, ()
    kept = tuple(await without_orders(inquiry.history, configuration))
    (summed,) = await give_orders([inquiry.summary or ""])
    gone = len(inquiry.history) - len(kept)
    cut = (*_cut("history", gone), *_cut("summary", int(summed)))
    if not cut:
        return inquiry, ()
    understood = inquiry.understood
    if understood is not None and understood.history == inquiry.history:
        understood = msgspec.structs.replace(understood, history=kept)
    return msgspec.structs.replace(
        inquiry,
        history=kept,
        turns=inquiry.turns - gone,
        summary=None if summed else inquiry.summary,
        understood=understood,
    ), cut


async def without_orders(turns: Sequence[Turn], configuration: AgentConfiguration) -> list[Turn]:
    """What was said, but for the user's messages that give the agent orders; what answered them stays."""
    if configuration.on_injection == "answer":
        return list(turns)
    flags = await give_orders([turn.text if turn.role == "user" else "" for turn in turns])
    return [turn for turn, found in zip(turns, flags, strict=True) if not found]


async def screened_facts(
    facts: Sequence[str], inquiry: Inquiry, configuration: AgentConfiguration
) -> tuple[tuple[str, ...], tuple[Cut, ...]]:
    """What is known of the customer, without what gives orders: a model that reads messages may have taken one for a name."""
    if configuration.on_injection == "answer" or not inquiry.screens:
        return tuple(facts), ()
    flags = await give_orders(facts)
    kept = tuple(fact for fact, found in zip(facts, flags, strict=True) if not found)
    return kept, _cut("facts", len(facts) - len(kept))


async def give_orders(texts: Sequence[str]) -> list[bool]:
    """Whether each of them gives the agent orders. A text is read once, beside the event loop."""
    keys = [blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest() for text in texts]
    # Taken out at once: others may drop them while the rest is read.
    scores = {key: _scores[key] for key in keys if key in _scores}
    for key in scores:
        _scores.move_to_end(key)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in scores and text}
    if new:
        read = await asyncio.to_thread(lambda: {key: screen(text).score for key, text in new.items()})
        scores |= read
        _scores.update(read)
        while len(_scores) > REMEMBERED:
            _scores.popitem(last=False)
    return [scores.get(key, 0.0) >= FLAGGED for key in keys]


def _cut(kind: Left, count: int) -> tuple[Cut, ...]:
    return (Cut(kind=kind, why="injection", count=count),) if count else ()
