"""How answers were rated, and what customers did after each, answer by answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from domain.base.recorded import Recorded
from domain.feedback.rating import Rating
from projections.reckoning.base import Reckoned
from projections.reckoning.reactions import reactions


def reckon_ratings(events: Sequence[Recorded]) -> Reckoned:
    given: dict[UUID, list[tuple[Recorded, Rating.Rated]]] = defaultdict(list)
    said: dict[UUID, tuple[int, Rating.Commented]] = {}
    for recorded in events:
        if isinstance(recorded.event, Rating.Rated):
            given[recorded.event.interaction].append((recorded, recorded.event))
        elif isinstance(recorded.event, Rating.Commented):
            said[recorded.event.interaction] = recorded.position, recorded.event
    rows = {}
    for interaction, every in given.items():
        latest, rating = every[-1]
        position, comment = said.get(interaction, (None, None))
        rows[interaction,] = {
            "conversation": every[0][1].conversation,
            "helpful": rating.helpful,
            "source": rating.source,
            "rated_at": latest.recorded_at,
            "changes": len(every) - 1,
            "comment": None if comment is None or comment.empty else position,
        }
    return {"ratings": rows}


def reckon_signals(events: Sequence[Recorded]) -> Reckoned:
    rows = {}
    for interaction, each in reactions(events).items():
        rows[interaction,] = {
            "conversation": each.conversation,
            "answered_at": each.at,
            "response_ms": each.response_ms,
            "continued": each.continued,
            "completed": each.acted,
            "requested": each.requested,
            "asked_back": each.asked_back,
            "came_back": each.came_back,
            "prompted": each.prompted,
        }
    return {"signals": rows}
