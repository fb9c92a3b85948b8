"""How the answers of each model did with real customers, interaction by interaction, by day (UTC)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.base.recorded import Recorded
from domain.base.sketch import bucket_of
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.feedback.rating import Rating
from domain.models.completion import answered_by
from projections.reckoning.base import Key, Reckoned, one, summed


def reckon_model_answers(events: Sequence[Recorded]) -> Reckoned:
    ratings = {e.event.interaction: e.event.helpful for e in events if isinstance(e.event, Rating.Rated)}
    figures, took, last = list[tuple[Key, dict[str, Any]]](), [], dict[UUID, Key]()
    for recorded in events:
        event, day = recorded.event, recorded.recorded_at.date()
        if not isinstance(event, Conversation.Metered | Call.Metered):
            continue
        asked = [attempt for attempt in event.attempts if attempt.outcome != "cancelled"]
        if not asked:
            continue
        outcome = event.outcome if isinstance(event, Conversation.Metered) else None
        key = day, f"{asked[-1].provider}/{asked[-1].model}"
        row = {
            "answers": 1,
            "failed": one(asked[-1].outcome != "ok"),
            "handed_over": one(outcome is not None and outcome.kind == "hand_over"),
            "rated": 0,
            "helpful": 0,
            "cost": event.cost,
        }
        figures.append((key, row))
        took.append(((*key, bucket_of(sum(a.latency_ms for a in asked))), {"answers": 1}))
        last[event.interaction if isinstance(event, Conversation.Metered) else recorded.stream] = key
    for interaction, helpful in ratings.items():
        if interaction in last:  # the rating is of the answer that was given last
            figures.append((last[interaction], {"rated": 1, "helpful": one(helpful)}))
    return {"model_answers": summed(figures), "model_answers_latency": summed(took)}


def reckon_served_ratings(events: Sequence[Recorded]) -> Reckoned:
    latest = {e.event.interaction: e.event.helpful for e in events if isinstance(e.event, Rating.Rated)}
    last = dict[UUID, Key]()
    for recorded in events:
        event = recorded.event
        if not isinstance(event, Conversation.Metered | Call.Metered):
            continue
        if (by := answered_by([each for each in event.attempts if each.outcome != "cancelled"])) is not None:
            interaction = event.interaction if isinstance(event, Conversation.Metered) else recorded.stream
            last[interaction] = by.started_at.date(), by.provider, by.served or by.model
    figures = [
        (last[interaction], {"rated": 1, "helpful": one(helpful)})
        for interaction, helpful in latest.items()
        if interaction in last
    ]
    return {"served_ratings": summed(figures)}
