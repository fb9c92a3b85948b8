"""How the agent learns: corrections with their latest review, training sets, fine-tuning jobs; each by its own events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.base.recorded import Recorded
from domain.feedback.correction import Correction
from domain.learning.training_set import TrainingSet
from domain.learning.tuning_job import TuningJob as T
from projections.reckoning.base import Reckoned, Rows, one, summed

STATUS: dict[type[Any], str] = {
    T.Requested: "requested",
    T.Attempted: "submitting",
    T.NotTaken: "requested",
    T.Submitted: "submitted",
    T.EvaluationBegun: "evaluating",
}
NOTHING = {"proposed": 0, "approved": 0, "rejected": 0, "tuned": 0, "tuning_cost": Decimal(0)}


def _streams(events: Sequence[Recorded], *kinds: type[Any]) -> dict[UUID, list[Recorded]]:
    found: dict[UUID, list[Recorded]] = defaultdict(list)
    for recorded in events:
        if isinstance(recorded.event, kinds):
            found[recorded.stream].append(recorded)
    return found


def reckon_learning(events: Sequence[Recorded]) -> Reckoned:
    months, topics = [], []
    for recorded in events:
        month = (recorded.recorded_at.date().replace(day=1),)
        if isinstance(recorded.event, T.Registered):
            months.append((month, NOTHING | {"tuned": 1}))
        elif isinstance(recorded.event, T.Charged):
            months.append((month, NOTHING | {"tuning_cost": recorded.event.cost}))
    for stream in _streams(events, Correction.Proposed, Correction.Reviewed).values():
        proposed = stream[0].event
        assert isinstance(proposed, Correction.Proposed)
        topic = (proposed.lineage.intent or "other",)
        months.append(((stream[0].recorded_at.date().replace(day=1),), NOTHING | {"proposed": 1}))
        topics.append((topic, {"proposed": 1, "approved": 0, "rejected": 0}))
        if isinstance(review := stream[-1].event, Correction.Reviewed):
            row = {"approved": one(review.approved), "rejected": one(not review.approved)}
            months.append(((stream[-1].recorded_at.date().replace(day=1),), NOTHING | row))
            topics.append((topic, {"proposed": 0} | row))
    return {"learning_curve": summed(months), "learning_curve_topics": summed(topics)}


def reckon_training_sets(events: Sequence[Recorded]) -> Reckoned:
    rows: Rows = {}
    kinds = (TrainingSet.Requested, TrainingSet.Completed, TrainingSet.Failed, TrainingSet.Deleted)
    for id, stream in _streams(events, *kinds).items():
        if any(isinstance(each.event, TrainingSet.Deleted) for each in stream):
            continue
        completed = [each for each in stream if isinstance(each.event, TrainingSet.Completed)]
        done = completed[-1].event if completed else None
        statistics = done.statistics if isinstance(done, TrainingSet.Completed) else None
        ends = [each for each in stream if isinstance(each.event, TrainingSet.Completed | TrainingSet.Failed)]
        failed = bool(ends) and isinstance(ends[-1].event, TrainingSet.Failed)
        rows[id,] = {
            "requested": stream[0].position,
            "status": "failed" if failed else "ready" if completed else "building",
            "train": statistics.train if statistics is not None else 0,
            "validation": statistics.validation if statistics is not None else 0,
            "requested_at": stream[0].recorded_at,
            "completed_at": completed[-1].recorded_at if completed else None,
        }
    return {"training_sets": rows}


def reckon_tuning_jobs(events: Sequence[Recorded]) -> Reckoned:
    rows: Rows = {}
    kinds: tuple[type[Any], ...] = (T.Told, T.Ended, T.Charged, T.Registered, T.Evaluated, *STATUS)
    for id, stream in _streams(events, *kinds).items():
        requested = stream[0].event
        assert isinstance(requested, T.Requested)
        charged = [each.event for each in stream if isinstance(each.event, T.Charged)]
        registered = [each.event for each in stream if isinstance(each.event, T.Registered)]
        states = [state for each in stream if (state := _status(each.event)) is not None]
        rows[id,] = {
            "requested_at": stream[0].recorded_at,
            "provider": requested.plan.provider,
            "base_model": requested.plan.model,
            "training_set": requested.plan.training_set,
            "status": states[-1],
            "estimate": requested.estimate,
            "cost": charged[-1].cost if charged else None,
            "model": registered[-1].model if registered else None,
            "changed_at": stream[-1].recorded_at,
        }
    return {"tuning_jobs": rows}


def _status(event: Any) -> str | None:
    """What it is from then on; None: as before."""
    if isinstance(event, T.Told):
        return event.state if event.state in ("running", "unknown") else "submitted"
    if isinstance(event, T.Ended):
        return event.outcome
    if isinstance(event, T.Evaluated):
        return {None: "succeeded", True: "ready", False: "rejected"}[event.passed]
    return STATUS.get(type(event))
