"""Outcomes of customers under rollouts of flags, experiments and deployments: a fold over a tenant's events. Pure.

A unit is one customer in one split. It is assigned by the first event that tells of an answer to them, whatever came of it, and what it was assigned
then holds, whatever they are served later (intention to treat): the assignment alone is by chance. For as long as the split's window nothing that is
counted depends on when somebody looks, afterwards nothing is added: so each is counted once, in the order of assignment, however late its outcome comes.

Only events that hold nothing personal are read: what they tell outlives an erasure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import localcontext
from uuid import UUID

from domain.answers.serving import Serving
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.experiments.unit import Rated, Told, Unit, Watched, outcomes
from domain.feedback.rating import Rating
from domain.flags.feature import bucket_of
from domain.flags.flag import Flags
from domain.flags.outcome import OFF, ON, Outcome
from domain.models.pricing import EXACT

EVENTS: Sequence[type[Event]] = (
    Conversation.Metered,
    Call.Metered,
    Rating.Rated,
    Flags.RolloutStarted,
    Flags.RolloutAdvanced,
    Flags.RolloutCompleted,
    Flags.RolloutStopped,
    Flags.RolledBack,
    Serving.Opened,
    Serving.Closed,
)
"""All that the fold goes by."""


class Units:
    """What is known: all, or as much as the events that come next can touch. `touched`: what has changed since."""

    def __init__(
        self, splits: Iterable[Watched] = (), units: Iterable[Unit] = (), ratings: Iterable[Rated] = ()
    ) -> None:
        self.splits = {each.split: each for each in splits}
        self.units: dict[UUID, dict[UUID, Unit]] = {}
        self.ratings = {each.interaction: each for each in ratings}
        for each in units:
            self.units.setdefault(each.unit, {})[each.split] = each
        self.touched: dict[tuple[UUID, UUID], Unit] = {}
        self.followed: dict[UUID, Watched] = {}
        self.rerated: dict[UUID, Rated] = {}

    def fold(self, recorded: Recorded) -> None:
        """Take an event, in the order of the log."""
        event = recorded.event
        if isinstance(event, Conversation.Metered | Call.Metered):
            self._answer(recorded, event)
        elif isinstance(event, Rating.Rated):
            self._rate(recorded, event)
        elif (followed := self._follow(event)) is not None:
            self.followed[followed.split] = followed

    def closed(self, split: UUID, *, new: str, beside: str, until: datetime) -> list[Outcome]:
        """Of two arms, in the order of assignment: all before the first that is still open."""
        mine = [units[split] for units in self.units.values() if split in units]
        return outcomes(
            sorted(mine, key=lambda unit: unit.position),
            self.splits.get(split),
            new=new,
            beside=beside,
            until=until,
        )

    def _follow(self, event: Event | None) -> Watched | None:
        if isinstance(event, Flags.RolloutStarted):
            self.splits[event.rollout] = Watched(
                split=event.rollout,
                flag=event.flag,
                percentage=event.plan.steps[0].percentage,
                window=event.plan.window,
            )
            return self.splits[event.rollout]
        if isinstance(event, Flags.RolloutAdvanced):
            self.splits[event.rollout].percentage = event.percentage
            return self.splits[event.rollout]
        if isinstance(event, Serving.Opened):
            begun = event.split
            shares = {arm.name: arm.share for arm in begun.arms}
            self.splits[begun.id] = Watched(split=begun.id, shares=shares, window=begun.window)
            return self.splits[begun.id]
        if isinstance(event, Serving.Closed):
            self.splits[event.split].running = False
            return self.splits[event.split]
        if isinstance(event, Flags.RolloutCompleted | Flags.RolloutStopped | Flags.RolledBack):
            self.splits[event.rollout].running = False
            return self.splits[event.rollout]
        return None

    def _answer(self, recorded: Recorded, event: Conversation.Metered | Call.Metered) -> None:
        mine = self.units.get(recorded.stream, {})
        for split in self.splits.values():
            if split.running and split.flag is not None and split.split not in mine:
                on = bucket_of(split.flag, str(recorded.stream)) <= split.percentage
                share = split.percentage / 100
                self._assign(
                    recorded, recorded.stream, split, *((ON, share) if on else (OFF, round(1 - share, 9)))
                )
        unit = unit_of(recorded, event)
        for assignment in event.variants:
            if (served := self.splits.get(assignment.split)) is not None:
                self._assign(recorded, unit, served, assignment.arm, assignment.share)
        concerned = {unit, recorded.stream}
        known = (each for id in concerned for each in self.units.get(id, {}).values())
        if taking := [each for each in known if each.takes(recorded)]:
            self._add(event, taking)

    def _add(self, event: Conversation.Metered | Call.Metered, taking: Iterable[Unit]) -> None:
        with localcontext(EXACT):
            told = Told.by(event)
            for unit in taking:
                told.add_to(unit)
                self.touched[unit.unit, unit.split] = unit

    def _assign(self, recorded: Recorded, unit: UUID, split: Watched, arm: str, share: float) -> None:
        mine = self.units.setdefault(unit, {})
        if split.split not in mine:
            at = recorded.recorded_at
            mine[split.split] = Unit(
                split=split.split,
                unit=unit,
                position=recorded.position,
                at=at,
                closes_at=at + timedelta(seconds=split.window),
                arm=arm,
                share=share,
            )

    def _rate(self, recorded: Recorded, event: Rating.Rated) -> None:
        mine = [unit for unit in self.units.get(event.conversation, {}).values() if unit.takes(recorded)]
        before = self.ratings.get(event.interaction)
        for unit in mine:
            if before is not None and unit.position < before.position:
                unit.helpful += event.helpful - before.helpful
            else:
                unit.rated += 1
                unit.helpful += event.helpful
            self.touched[unit.unit, unit.split] = unit
        if mine:
            rated = Rated(interaction=event.interaction, helpful=event.helpful, position=recorded.position)
            self.ratings[event.interaction] = self.rerated[event.interaction] = rated


def unit_of(recorded: Recorded, event: Conversation.Metered | Call.Metered) -> UUID:
    """The customer, as splits have them: the conversation; of a call its end user, where one is named."""
    if isinstance(event, Call.Metered) and event.unit is not None:
        return event.unit
    return recorded.stream
