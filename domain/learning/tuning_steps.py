"""What is to be done next about a fine-tuning job: uploaded, submitted, looked for, polled, taken over. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from domain.learning.tuning_job import TuningJobState

CALLING = timedelta(minutes=2)
"""After an attempt: whoever made it has recorded its outcome by then, or died."""

LOOKS = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 180, 480, 900))
"""After an attempt's fate was found to be unknown: when the vendor's list is looked at again."""

SETTLED = timedelta(minutes=20)
"""After an attempt's fate was found to be unknown, its call being over: a job that the vendor has is on its list by then."""

PATIENCE = timedelta(days=2)
"""For which a job is tried that no vendor takes."""

SOONEST, LATEST = timedelta(seconds=20), timedelta(minutes=10)
"""Between two polls; in between a tenth of the time that it has run for."""

LONGEST = timedelta(days=14)
"""After the submission: what has not ended by then is not heard of again."""

Action = Literal[
    "upload",
    "submit",
    "doubt",
    "look",
    "poll",
    "cancel",
    "expire",
    "register",
    "evaluate",
    "judge",
    "discard",
]


class Step(msgspec.Struct, frozen=True):
    action: Action


class Wait(msgspec.Struct, frozen=True):
    until: datetime


def next_step(
    state: TuningJobState, now: datetime, *, done: frozenset[Action] = frozenset()
) -> Step | Wait | None:
    """`done`: what was done just now, and need not be again at once. None: nothing is to be done any more."""
    if state.ended_at is not None:
        return _after_its_end(state, now, done)
    match state.status:
        case "requested":
            if now >= state.requested_at + PATIENCE:
                return Step("expire")
            if state.cancel_asked:
                return Step("cancel")
            if state.again_at is not None and now < state.again_at:
                return Wait(state.again_at)
            return Step("submit" if state.files else "upload")
        case "submitting":
            return _of_an_attempt(state, now, done)
    since = state.submitted_at or state.attempted_at
    if now >= since + LONGEST:
        return Step("expire")
    return Wait(now + interval(now - since)) if "poll" in done else Step("poll")


def _after_its_end(state: TuningJobState, now: datetime, done: frozenset[Action]) -> Step | Wait | None:
    """What it made is taken over, and its training data deleted."""
    if state.tuned is not None and state.registered is None and "register" not in done:
        return Step("register")
    if (
        state.status == "succeeded"
        and state.plan.dataset
        and state.evaluation is None
        and "evaluate" not in done
    ):
        return Step("evaluate")
    if state.sent and not state.discarded and "discard" not in done:
        return Step("discard")
    if state.status == "evaluating":
        return Wait(now + SOONEST) if "judge" in done else Step("judge")
    return None


def _of_an_attempt(state: TuningJobState, now: datetime, done: frozenset[Action]) -> Step | Wait:
    """An attempt without an outcome, or of unknown fate. It is never made again before the vendor's list was seen late enough."""
    at, since = state.attempted_at, state.doubted_at
    if now >= at + LONGEST:
        return Step("expire")
    if since is None:
        return Wait(at + CALLING) if now < at + CALLING else Step("doubt")
    if "look" not in done:
        return Step("look")
    if now >= since + SETTLED:
        return Step("cancel" if state.cancel_asked else "submit")
    ahead = [since + after for after in LOOKS if since + after > now]
    return Wait(min([*ahead, since + SETTLED]))


def interval(elapsed: timedelta) -> timedelta:
    """Until the next poll of a job that was submitted so long ago."""
    return min(max(elapsed / 10, SOONEST), LATEST)
