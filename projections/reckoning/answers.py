"""The figures of answers, interaction by interaction, from all that is on record of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.base.recorded import Recorded
from domain.base.sketch import bucket_of, packed
from domain.chat.call import Call
from domain.conversations.conversation import Conversation as C
from domain.feedback.rating import Rating
from projections.reckoning.base import Key, Reckoned, one, slots, summed
from projections.reckoning.reactions import Reaction, reactions


def reckon_answers(events: Sequence[Recorded]) -> Reckoned:
    metered: dict[UUID, list[tuple[Recorded, C.Metered | Call.Metered]]] = defaultdict(list)
    ratings: dict[UUID, Rating.Rated] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, C.Metered):
            metered[event.interaction].append((recorded, event))
        elif isinstance(event, Call.Metered):
            metered[recorded.stream].append((recorded, event))
        elif isinstance(event, Rating.Rated):
            ratings[event.interaction] = event
    reacted = reactions(events)
    figures: list[tuple[Key, dict[str, Any]]] = []
    responses: list[tuple[Key, dict[str, Any]]] = []
    for interaction, tries in metered.items():
        for at, place, row, took in _counted(tries, reacted.get(interaction), ratings.get(interaction)):
            dimension, value = place
            for grain, slot in slots(at):
                figures.append(((dimension, grain, slot, value), row))
                if took is not None:
                    responses.append(((dimension, grain, slot, value, bucket_of(took)), {"answers": 1}))
    sketches: dict[Key, dict[int, int]] = defaultdict(dict)
    for key, row in summed(responses).items():
        sketches[key[:-1]][key[-1]] = row["answers"]
    kept = {key: {"sketch": packed(sketch)} for key, sketch in sketches.items()}
    return {"answer_figures": summed(figures), "answer_figures_responses": kept}


def _counted(
    tries: list[tuple[Recorded, C.Metered | Call.Metered]],
    reaction: Reaction | None,
    rating: Rating.Rated | None,
) -> Iterator[tuple[datetime, tuple[str, str], dict[str, Any], int | None]]:
    """Where one interaction counts, as what, and how long it took (ms)."""
    tried = [each for each in tries if _waited_for(each[1]) or each[1].cost or _outcome(each[1])]
    told = [each for each in tried if _outcome(each[1])]
    if reaction is not None and not told:  # recorded when nobody told outcomes yet
        tried = [each for each in tried if each[0].position < reaction.position]
    if not tried:
        return
    recorded, event = (told or tried)[-1]
    asked, outcome = _waited_for(event), _outcome(event)
    good = bool(asked) and asked[-1].outcome == "ok"
    call = isinstance(event, Call.Metered)
    took = reaction.response_ms if reaction else None
    if call and good:
        took = round(sum(attempt.latency_ms for attempt in asked))
    answered = not call and (outcome is not None or reaction is not None)
    kind = outcome.kind if outcome is not None else None
    row: dict[str, Any] = {
        "answers": one(answered),
        "calls": one(call and good),
        "failed": one(not call and not answered),
        "failed_calls": one(call and not good),
        "handed_over": one(kind == "hand_over"),
        "asked_back": one(kind == "ask_back"),
        "declined": one(kind == "decline"),
        "disturbed": one(kind == "hand_over" or (reaction and reaction.requested)),
        "modelled": one(asked),
        "cached": one(asked and asked[-1].cached),
        "retrievals": one(event.retrieval is not None),
        "found": one(event.retrieval is not None and event.retrieval.result == "found"),
        "continued": one(reaction and reaction.continued),
        "acted": one(reaction and reaction.acted),
        "requested": one(reaction and reaction.requested),
        "prompted": one(reaction and reaction.prompted),
        "prompted_rated": one(reaction and reaction.prompted and rating),
        "timed": one(took is not None),
        "response_ms": took or 0,
        "cost": sum((each.cost for _, each in tries), Decimal(0)),
    }
    for source in ("api", "whatsapp", "console"):
        row[f"rated_{source}"] = one(rating and rating.source == source)
        row[f"helpful_{source}"] = one(rating and rating.source == source and rating.helpful)
    for place in _places(event):
        yield recorded.recorded_at, place, row, took


def _places(event: C.Metered | Call.Metered) -> set[tuple[str, str]]:
    found = {("", "")}
    if isinstance(event, Call.Metered):
        found.add(("channel", "completions"))
    else:
        found.add(("channel", event.channel or "unknown"))
    if asked := _waited_for(event):
        found.add(("model", f"{asked[-1].provider}/{asked[-1].model}"))
        found.add(("provider", asked[-1].provider))
    for assigned in event.variants:
        found.add((assigned.kind, f"{assigned.split}/{assigned.arm}"))
    if (outcome := _outcome(event)) is not None:
        if outcome.kind == "hand_over":
            found.add(("handoff", outcome.category or "unknown"))
        found.update(("intent", intent) for intent in outcome.intents)
    return found


def _waited_for(event: C.Metered | Call.Metered) -> list[Any]:
    return [attempt for attempt in event.attempts if attempt.outcome != "cancelled"]


def _outcome(event: C.Metered | Call.Metered) -> Any:
    return None if isinstance(event, Call.Metered) else event.outcome
