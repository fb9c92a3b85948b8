"""A campaign: one message to many customers. A draft, then scheduled, then running, with pauses, until it is finished or cancelled.

Its log has no customer's text and no address: ids of conversations, and why some were left out. Who got it stands in their conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.base.errors import Refused
from domain.campaigns.omitted import RULE, Omitted
from domain.campaigns.plan import Plan, name_zone
from domain.campaigns.state import CampaignState


class Campaign(Aggregate[CampaignState]):
    TOPIC = "campaign"
    State = CampaignState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Drafted(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "campaign.drafted"
        PERSONAL: ClassVar[bool] = False
        class_version: ClassVar[int] = 3
        plan: Plan

        def apply(self, aggregate: Campaign) -> None:
            aggregate.state.plan, aggregate.state.created_at = self.plan, self.timestamp

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """Fallbacks came with a default that is what was done before."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """A plan that named no time zone went by UTC, and goes on so."""
            name_zone(facts)

    class Revised(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "campaign.revised"
        PERSONAL: ClassVar[bool] = False
        class_version: ClassVar[int] = 3
        plan: Plan

        def apply(self, aggregate: Campaign) -> None:
            aggregate.state.plan = self.plan

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """As of `Drafted`."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """As of `Drafted`."""
            name_zone(facts)

    class Scheduled(Event, frozen=True, kw_only=True):
        """It begins at `begins_at`, or as soon after that as somebody works."""

        TOPIC: ClassVar[str] = "campaign.scheduled"
        PERSONAL: ClassVar[bool] = False
        begins_at: datetime

        def apply(self, aggregate: Campaign) -> None:
            aggregate.state.status, aggregate.state.begins_at = "scheduled", self.begins_at

    class Started(Event, frozen=True, kw_only=True):
        """From now on it goes to its audience."""

        TOPIC: ClassVar[str] = "campaign.started"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Campaign) -> None:
            aggregate.state.status, aggregate.state.began_at = "running", self.timestamp

    class Advanced(Event, frozen=True, kw_only=True):
        """The customers up to `after`, in the order of their ids, have been seen to in this round: `omitted` by `rule` were left out, and
        `later` is when the first of those who were in their quiet hours may be written to."""

        TOPIC: ClassVar[str] = "campaign.advanced"
        PERSONAL: ClassVar[bool] = False
        class_version: ClassVar[int] = 2
        after: UUID
        omitted: tuple[Omitted, ...] = ()
        later: datetime | None = None
        rule: int

        def apply(self, aggregate: Campaign) -> None:
            state = aggregate.state
            state.after = self.after
            if self.later is not None:
                state.later = self.later if state.later is None else min(state.later, self.later)

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """Nobody was left out for a placeholder before."""

    class RoundEnded(Event, frozen=True, kw_only=True):
        """All were seen to, and some are in their quiet hours: those are seen to again at `again_at`."""

        TOPIC: ClassVar[str] = "campaign.round_ended"
        PERSONAL: ClassVar[bool] = False
        again_at: datetime

        def apply(self, aggregate: Campaign) -> None:
            state = aggregate.state
            state.rests_until, state.after, state.later = self.again_at, NIL, None
            state.round += 1

    class Paused(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "campaign.paused"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Campaign) -> None:
            aggregate.state.status = "paused"

    class Resumed(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "campaign.resumed"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Campaign) -> None:
            state = aggregate.state
            state.status = "scheduled" if state.began_at is None else "running"

    class Cancelled(Event, frozen=True, kw_only=True):
        """Nobody gets it any more who has not got it."""

        TOPIC: ClassVar[str] = "campaign.cancelled"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Campaign) -> None:
            aggregate.state.status, aggregate.state.ended_at = "cancelled", self.timestamp

    class Finished(Event, frozen=True, kw_only=True):
        """All of its audience were seen to."""

        TOPIC: ClassVar[str] = "campaign.finished"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Campaign) -> None:
            aggregate.state.status, aggregate.state.ended_at = "finished", self.timestamp

    @classmethod
    def draft(cls, id: UUID, plan: Plan, at: datetime) -> Campaign:
        """Raises Invalid."""
        plan.check()
        return cls.create(cls.Drafted, id=id, at=at, plan=plan)

    def revise(self, plan: Plan, at: datetime) -> None:
        """Raises Invalid; Refused for one that has begun."""
        if self.state.status not in ("draft", "scheduled") or self.state.began_at is not None:
            raise Refused(
                f"this campaign is {self.state.status}: it can't be changed any more; create another one"
            )
        plan.check()
        if plan != self.state.plan:
            self.trigger(self.Revised, at=at, plan=plan)

    def schedule(self, begins_at: datetime, at: datetime) -> None:
        """Again, until it begins. Raises Refused."""
        if self.state.status not in ("draft", "scheduled"):
            raise Refused(
                f"this campaign is {self.state.status}; only a draft is scheduled, or what has not begun"
            )
        if (self.state.status, self.state.begins_at) != ("scheduled", begins_at):
            self.trigger(self.Scheduled, at=at, begins_at=begins_at)

    def pause(self, at: datetime) -> None:
        """Raises Refused."""
        if self.state.status == "paused":
            return
        if self.state.status not in ("scheduled", "running"):
            raise Refused(
                f"this campaign is {self.state.status}; only one that is scheduled or running can be paused"
            )
        self.trigger(self.Paused, at=at)

    def resume(self, at: datetime) -> None:
        """Raises Refused."""
        if self.state.status in ("scheduled", "running"):
            return
        if self.state.status != "paused":
            raise Refused(f"this campaign is {self.state.status}; only one that is paused can be resumed")
        self.trigger(self.Resumed, at=at)

    def cancel(self, at: datetime) -> None:
        """Raises Refused."""
        if self.state.status == "cancelled":
            return
        if self.state.status == "finished":
            raise Refused("this campaign is finished: all of its messages have gone out")
        self.trigger(self.Cancelled, at=at)

    def due_at(self) -> datetime | None:
        """When something is to be done for it; None: nothing is."""
        state = self.state
        if state.status == "scheduled":
            return state.begins_at
        if state.status == "running":
            return state.rests_until or state.began_at
        return None

    def start(self, at: datetime) -> None:
        if self.state.status == "scheduled":
            self.trigger(self.Started, at=at)

    def advance(self, after: UUID, omitted: Sequence[Omitted], later: datetime | None, at: datetime) -> None:
        """What was done meanwhile counts, whatever was told it since."""
        facts = {"after": after, "omitted": tuple(omitted), "later": later, "rule": RULE}
        self.trigger(self.Advanced, at=at, **facts)

    def end_round(self, at: datetime) -> None:
        """There is nobody after those whom it has seen to."""
        if self.state.status != "running":
            return
        if self.state.later is not None:
            self.trigger(self.RoundEnded, at=at, again_at=self.state.later)
        else:
            self.trigger(self.Finished, at=at)
