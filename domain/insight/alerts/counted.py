"""How alerts' figures are counted from events, by slots of five minutes: the read model and a replay from the log count by this.

Only events that hold nothing personal count, by when they were recorded; so an erasure changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import msgspec

from domain.audit.verification import Verification
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.base.sketch import bucket_of, percentile
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.experiments.deployment import Deployment
from domain.experiments.releases import Releases
from domain.feedback.rating import Rating
from domain.flags.flag import Flags
from domain.insight.alerts.figures import Figures, Window
from domain.insight.alerts.metrics import STEP
from domain.models.metering import calls_of
from domain.models.pricing import EXACT
from domain.webhooks.webhooks import Webhooks

SLOT = STEP * 60
"""Seconds."""

HOUR = 3600 // SLOT
"""Slots."""

UNMETERED: tuple[type[Event], ...] = (
    Rating.Rated,
    Webhooks.DeadLettered,
    Deployment.RolledBack,
    Releases.RolledBack,
    Flags.RolledBack,
    Verification.Failed,
    Verification.Passed,
)
"""That count beside those that say what calls of providers cost."""


class Slot(msgspec.Struct, kw_only=True):
    """Sums of five minutes; `took`: answers by the bucket of how long they took (domain/base/sketch.py)."""

    ratings: int = 0
    helpful: int = 0
    calls: int = 0
    failures: int = 0
    answers: int = 0
    handoffs: int = 0
    cost: Decimal = Decimal(0)
    dead_letters: int = 0
    rollbacks: int = 0
    failed_verifications: int = 0
    took: dict[int, int] = {}


SUMS = tuple(name for name in Slot.__struct_fields__ if name != "took")


def slot_of(at: datetime) -> int:
    return int(at.timestamp()) // SLOT


def start_of(slot: int) -> datetime:
    return datetime.fromtimestamp(slot * SLOT, UTC)


def windows_of(at: datetime, window: timedelta, before: timedelta) -> tuple[Window, Window]:
    """That of a rule at a moment, the slot of the moment with it; and the time before."""
    last = slot_of(at) + 1
    first = last - int(window.total_seconds()) // SLOT
    return Window(first, last), Window(first - int(before.total_seconds()) // SLOT, first)


class Slots:
    """Sums by slot. `cleared`: a verification was passed, so those that had failed before it count no more."""

    def __init__(self) -> None:
        self.slots: dict[int, Slot] = defaultdict(Slot)
        self.cleared = False

    def fold(self, recorded: Recorded) -> None:
        """Add an event."""
        slot, event = self.slots[slot_of(recorded.recorded_at)], recorded.event
        with localcontext(EXACT):
            match event:
                case None:
                    return
                case Rating.Rated(helpful=helpful):
                    slot.ratings += 1
                    slot.helpful += helpful
                case Webhooks.DeadLettered():
                    slot.dead_letters += 1
                case Deployment.RolledBack() | Releases.RolledBack() | Flags.RolledBack():
                    slot.rollbacks += 1
                case Verification.Failed():
                    slot.failed_verifications += 1
                case Verification.Passed():
                    self.cleared = True
                    for each in self.slots.values():
                        each.failed_verifications = 0
                case _:
                    _add_calls(slot, event)

    def figures(self, window: Window) -> Figures:
        """Of a window that lies within what was folded."""
        sums: dict[str, Any] = {name: Slot.__struct_defaults__[place] for place, name in enumerate(SUMS)}
        took: dict[int, int] = defaultdict(int)
        with localcontext(EXACT):
            for number in range(window.first, window.last):
                if (slot := self.slots.get(number)) is not None:
                    for name in SUMS:
                        sums[name] += getattr(slot, name)
                    for bucket, count in slot.took.items():
                        took[bucket] += count
        return figures_of(sums, took)

    def forget(self, before: int) -> None:
        """What no window reaches any more."""
        for number in [each for each in self.slots if each < before]:
            del self.slots[number]


def figures_of(sums: dict[str, Any], took: dict[int, int]) -> Figures:
    timed = sum(took.values())
    return Figures(**sums, timed=timed, p95_ms=percentile(took, 0.95))


def _add_calls(slot: Slot, event: Event) -> None:
    calls = calls_of(event)
    for call in calls:
        if not call.cached and call.outcome != "cancelled":
            slot.calls += 1
            slot.failures += call.outcome != "ok"
    whole = event.charge()
    slot.cost += sum((call.cost for call in calls), Decimal(0)) if whole is None else whole
    if isinstance(event, Conversation.Metered) and event.outcome is not None:
        slot.answers += 1
        slot.handoffs += event.outcome.kind == "hand_over"
    if isinstance(event, Conversation.Metered | Call.Metered):
        asked = [attempt for attempt in event.attempts if attempt.outcome != "cancelled"]
        if asked:
            bucket = bucket_of(sum(attempt.latency_ms for attempt in asked))
            slot.took[bucket] = slot.took.get(bucket, 0) + 1
