"""A tenant's flags: which features are on, for how many; changed by hand or by a gradual rollout."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Refused
from domain.base.one_per_tenant import OnePerTenant
from domain.flags.feature import FEATURES, Setting, bucket_of, feature_of
from domain.flags.plan import Plan
from domain.flags.progress import Progress
from domain.flags.rollout import Judgement

Ending = Literal["completed", "stopped", "rolled back"]


class Rollout(Progress, frozen=True, kw_only=True):
    """One under way. `before` is what it goes back to."""

    id: UUID
    before: Setting


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a flag's last rollout ended."""

    id: UUID
    how: Ending
    at: datetime
    reason: str | None = None


class FlagsState(msgspec.Struct):
    settings: dict[str, Setting] = {}
    rollouts: dict[str, Rollout] = {}
    ended: dict[str, Ended] = {}

    def setting(self, flag: str) -> Setting:
        """In force. Raises NotFound."""
        return self.settings.get(flag) or feature_of(flag).default

    def enabled(self, flag: str, subject: str) -> bool:
        setting = self.setting(flag)
        return setting.on and bucket_of(flag, subject) <= setting.percentage

    def in_force(self, tenant: UUID, conversation: UUID) -> dict[str, bool]:
        """Every flag as it is for a conversation, or a call."""
        subjects = {"tenant": str(tenant), "conversation": str(conversation)}
        return {name: self.enabled(name, subjects[feature.subject]) for name, feature in FEATURES.items()}


class Flags(OnePerTenant[FlagsState]):
    """One per tenant."""

    TOPIC = "flags"
    State = FlagsState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "flags.created"

    class Switched(Event, frozen=True, kw_only=True):
        """On for this part of the subjects, or off."""

        TOPIC: ClassVar[str] = "flags.switched"
        flag: str
        on: bool
        percentage: int

        def apply(self, aggregate: Flags) -> None:
            aggregate.state.settings[self.flag] = Setting(on=self.on, percentage=self.percentage)

    class RolloutStarted(Event, frozen=True, kw_only=True):
        """The first step of the plan is in force."""

        TOPIC: ClassVar[str] = "flags.rollout_started"
        class_version: ClassVar[int] = 2
        flag: str
        rollout: UUID
        plan: Plan
        before: Setting

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version's plans did not look at whether answers helped."""
            facts["plan"]["limits"].setdefault("helpful_rate", None)

        def apply(self, aggregate: Flags) -> None:
            rollout = Rollout(id=self.rollout, plan=self.plan, before=self.before, since=self.timestamp)
            aggregate._step(self.flag, rollout)

    class RolloutHeld(Event, frozen=True, kw_only=True):
        """The metrics were good for as long as the step had to hold."""

        TOPIC: ClassVar[str] = "flags.rollout_held"
        class_version: ClassVar[int] = 2
        flag: str
        rollout: UUID
        step: int
        judgement: Judgement

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version had the figures of both sides alone."""
            facts["judgement"] = {"rule": 1, "sides": facts.pop("sides")}

        def apply(self, aggregate: Flags) -> None:
            rollout = aggregate.state.rollouts[self.flag]
            aggregate.state.rollouts[self.flag] = rollout.holding()

    class RolloutConfirmed(Event, frozen=True, kw_only=True):
        """Somebody lets it go on."""

        TOPIC: ClassVar[str] = "flags.rollout_confirmed"
        flag: str
        rollout: UUID
        step: int

    class RolloutAdvanced(Event, frozen=True, kw_only=True):
        """`step` is in force now."""

        TOPIC: ClassVar[str] = "flags.rollout_advanced"
        flag: str
        rollout: UUID
        step: int
        percentage: int

        def apply(self, aggregate: Flags) -> None:
            rollout = aggregate.state.rollouts[self.flag]
            aggregate._step(self.flag, rollout.advanced(self.timestamp))

    class RolloutCompleted(Event, frozen=True, kw_only=True):
        """The last step has held; it stays."""

        TOPIC: ClassVar[str] = "flags.rollout_completed"
        flag: str
        rollout: UUID

        def apply(self, aggregate: Flags) -> None:
            aggregate._end(self.flag, "completed", self.timestamp, None)

    class RolloutStopped(Event, frozen=True, kw_only=True):
        """By somebody, at the step where it was; the flag stays as it is there."""

        TOPIC: ClassVar[str] = "flags.rollout_stopped"
        flag: str
        rollout: UUID
        reason: str

        def apply(self, aggregate: Flags) -> None:
            aggregate._end(self.flag, "stopped", self.timestamp, self.reason)

    class RolledBack(Event, frozen=True, kw_only=True):
        """The flag is as before the rollout. `judgement` has found a metric too bad; None: somebody wanted it."""

        TOPIC: ClassVar[str] = "flags.rolled_back"
        class_version: ClassVar[int] = 2
        flag: str
        rollout: UUID
        step: int
        before: Setting
        reason: str
        judgement: Judgement | None = None

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version had the finding alone."""
            if (finding := facts.pop("finding", None)) is not None:
                facts["judgement"] = {"rule": 1, "finding": finding}

        def apply(self, aggregate: Flags) -> None:
            aggregate.state.settings[self.flag] = self.before
            aggregate._end(self.flag, "rolled back", self.timestamp, self.reason)

    def switch(
        self, flag: str, at: datetime, *, on: bool | None = None, percentage: int | None = None
    ) -> None:
        """What is None stays as it is. Raises Refused while a rollout is under way."""
        setting = self.state.setting(flag)
        if flag in self.state.rollouts:
            raise Refused(f"a rollout of {flag} is under way; stop it first (back: true also undoes it)")
        on = setting.on if on is None else on
        percentage = setting.percentage if percentage is None else percentage
        if percentage not in (0, 100) and feature_of(flag).subject == "tenant":
            raise Refused(f"{flag} is on or off for the tenant as a whole; a percentage is 0 or 100")
        if Setting(on=on, percentage=percentage) != setting:
            self.trigger(self.Switched, at=at, flag=flag, on=on, percentage=percentage)

    def start_rollout(self, flag: str, rollout: UUID, plan: Plan, at: datetime) -> None:
        """Raises Invalid, NotFound, and Refused where it is on already for as many as the first step has."""
        plan.check()
        setting, first = self.state.setting(flag), plan.steps[0].percentage
        if feature_of(flag).subject == "tenant":
            raise Refused(f"{flag} is on or off for the tenant as a whole; switch it")
        if flag in self.state.rollouts:
            raise Refused(f"a rollout of {flag} is under way; stop it first")
        if setting.on and setting.percentage >= first:
            raise Refused(
                f"{flag} is on for {setting.percentage} % already, and the first step would be {first} %: "
                f"begin with a higher one, or switch it to less first (PUT /v1/flags/{flag})"
            )
        self.trigger(self.RolloutStarted, at=at, flag=flag, rollout=rollout, plan=plan, before=setting)

    def observe_rollout(
        self, flag: str, rollout: UUID, step: int, judgement: Judgement, at: datetime
    ) -> None:
        """Take what was seen of a step: go back where a metric is too bad, go on where all was well for long enough."""
        running = self.state.rollouts.get(flag)
        if running is None or (running.id, running.step) != (rollout, step):
            return
        move = running.next_move(judgement, at)
        if move == "back" and judgement.finding is not None:
            self._roll_back(flag, running, judgement.finding.text(), judgement, at)
        elif move == "hold":
            self.trigger(self.RolloutHeld, at=at, flag=flag, rollout=rollout, step=step, judgement=judgement)
            if running.goes_on:
                self._advance(flag, running, at)

    def confirm_rollout(self, flag: str, at: datetime) -> None:
        """Let a rollout go on that waits for it. Raises Refused for another one."""
        running = self._running(flag)
        running.check_held()
        self.trigger(self.RolloutConfirmed, at=at, flag=flag, rollout=running.id, step=running.step)
        self._advance(flag, running, at)

    def stop_rollout(self, flag: str, reason: str, at: datetime, *, back: bool) -> None:
        """End it where it is, or go back to what was before."""
        running = self._running(flag)
        if back:
            self._roll_back(flag, running, reason, None, at)
        else:
            self.trigger(self.RolloutStopped, at=at, flag=flag, rollout=running.id, reason=reason)

    def _running(self, flag: str) -> Rollout:
        feature_of(flag)
        if flag not in self.state.rollouts:
            raise Refused(f"no rollout of {flag} is under way")
        return self.state.rollouts[flag]

    def _advance(self, flag: str, running: Rollout, at: datetime) -> None:
        if running.last:
            self.trigger(self.RolloutCompleted, at=at, flag=flag, rollout=running.id)
            return
        ahead = running.advanced(at)
        facts = {"step": ahead.step, "percentage": ahead.percentage}
        self.trigger(self.RolloutAdvanced, at=at, flag=flag, rollout=running.id, **facts)
        if ahead.over_at_once:
            self.trigger(self.RolloutCompleted, at=at, flag=flag, rollout=running.id)

    def _roll_back(
        self, flag: str, running: Rollout, reason: str, judgement: Judgement | None, at: datetime
    ) -> None:
        self.trigger(
            self.RolledBack,
            at=at,
            flag=flag,
            rollout=running.id,
            step=running.step,
            before=running.before,
            reason=reason,
            judgement=judgement,
        )

    def _step(self, flag: str, rollout: Rollout) -> None:
        self.state.rollouts[flag] = rollout
        self.state.settings[flag] = Setting(percentage=rollout.percentage)

    def _end(self, flag: str, how: Ending, at: datetime, reason: str | None) -> None:
        rollout = self.state.rollouts.pop(flag)
        self.state.ended[flag] = Ended(id=rollout.id, how=how, at=at, reason=reason)
