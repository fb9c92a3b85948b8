"""A deployment: a version of the agent on its way to all customers, step by step, against the one in force."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.answers.variant import Variant
from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.base.errors import Invalid, Refused
from domain.experiments.deployment_state import DeploymentState, ShadowPlan, Status
from domain.experiments.version import Versions
from domain.flags.plan import Plan
from domain.flags.progress import Progress
from domain.flags.rollout import Finding, Judgement

CURRENT, CANDIDATE = "current", "candidate"
"""Names of its arms."""

CHANGED = "the agent in force was changed by hand (configuration, routing or prompts), so it is another one than this was compared with"


class Deployment(Aggregate[DeploymentState]):
    """Created for a variant that has passed an evaluation; then, as wanted, in the shadow; then a rollout; then promoted, stopped, or
    rolled back."""

    TOPIC = "deployment"
    State = DeploymentState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "deployment.created"
        PERSONAL: ClassVar[bool] = False
        name: str
        variant: Variant
        digest: str
        evaluation: UUID
        plan: Plan
        shadow: ShadowPlan | None

        def apply(self, aggregate: Deployment) -> None:
            state = aggregate.state
            state.name, state.variant, state.digest = self.name, self.variant, self.digest
            state.evaluation, state.plan, state.shadow = self.evaluation, self.plan, self.shadow
            state.created_at = self.timestamp

    class ShadowStarted(Event, frozen=True, kw_only=True):
        """What is answered from now on the candidate answers too, without being shown."""

        TOPIC: ClassVar[str] = "deployment.shadow_started"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Deployment) -> None:
            aggregate.state.status = "shadowing"

    class ShadowEnded(Event, frozen=True, kw_only=True):
        """As many messages were shadowed as were to be, or somebody has ended it; the rollout waits for somebody's word."""

        TOPIC: ClassVar[str] = "deployment.shadow_ended"
        PERSONAL: ClassVar[bool] = False
        answers: int

        def apply(self, aggregate: Deployment) -> None:
            aggregate.state.status, aggregate.state.shadowed = "created", self.answers

    class RolloutStarted(Event, frozen=True, kw_only=True):
        """The first step of the plan is in force, against `base`."""

        TOPIC: ClassVar[str] = "deployment.rollout_started"
        PERSONAL: ClassVar[bool] = False
        base: Versions

        def apply(self, aggregate: Deployment) -> None:
            state = aggregate.state
            state.status, state.base = "running", self.base
            state.progress = Progress(plan=state.plan, since=self.timestamp)

    class RolloutHeld(Event, frozen=True, kw_only=True):
        """What must not get worse was good for as long as the step had to hold. `judgement`: the figures, the position of the log at which
        they were taken, and the version of the rule."""

        TOPIC: ClassVar[str] = "deployment.rollout_held"
        PERSONAL: ClassVar[bool] = False
        step: int
        judgement: Judgement

        def apply(self, aggregate: Deployment) -> None:
            aggregate.state.progress = aggregate._progress.holding()

    class RolloutConfirmed(Event, frozen=True, kw_only=True):
        """Somebody lets it go on."""

        TOPIC: ClassVar[str] = "deployment.rollout_confirmed"
        PERSONAL: ClassVar[bool] = False
        step: int

    class RolloutAdvanced(Event, frozen=True, kw_only=True):
        """`step` is in force now."""

        TOPIC: ClassVar[str] = "deployment.rollout_advanced"
        PERSONAL: ClassVar[bool] = False
        step: int
        percentage: int

        def apply(self, aggregate: Deployment) -> None:
            aggregate.state.progress = aggregate._progress.advanced(self.timestamp)

    class Promoted(Event, frozen=True, kw_only=True):
        """It is the agent in force; the release of the same save says with which versions."""

        TOPIC: ClassVar[str] = "deployment.promoted"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Deployment) -> None:
            aggregate._end("promoted", self.timestamp)

    class Stopped(Event, frozen=True, kw_only=True):
        """By somebody, because the agent in force was changed by hand, to `present`, or because a model of it is retired by the time at which it
        would be promoted: everybody has the agent in force."""

        TOPIC: ClassVar[str] = "deployment.stopped"
        PERSONAL: ClassVar[bool] = False
        reason: str
        present: Versions | None = None

        def apply(self, aggregate: Deployment) -> None:
            aggregate._end("stopped", self.timestamp, self.reason)

    class RolledBack(Event, frozen=True, kw_only=True):
        """Everybody has the version before it. `judgement` has found a metric too bad; None: somebody wanted it."""

        TOPIC: ClassVar[str] = "deployment.rolled_back"
        PERSONAL: ClassVar[bool] = False
        step: int | None
        reason: str
        judgement: Judgement | None = None

        def apply(self, aggregate: Deployment) -> None:
            finding = None if self.judgement is None else self.judgement.finding
            aggregate._end("rolled back", self.timestamp, self.reason, finding)

    @property
    def subject(self) -> UUID:
        return NIL

    @property
    def running(self) -> bool:
        return self.state.status == "running"

    @property
    def share(self) -> float:
        """Of the conversations that the candidate answers, 0 to 1."""
        return self._progress.percentage / 100 if self.running else 0.0

    @classmethod
    def create_for(
        cls,
        id: UUID,
        *,
        name: str,
        variant: Variant,
        evaluation: UUID,
        plan: Plan,
        shadow: ShadowPlan | None,
        at: datetime,
    ) -> Deployment:
        """Of a variant whose evaluation has passed, which its caller has seen. Raises Invalid."""
        plan.check()
        if variant == Variant():
            raise Invalid("the variant is empty, which is the agent in force: give what is to differ from it")
        facts = {"name": name, "variant": variant, "digest": variant.digest, "evaluation": evaluation}
        return cls.create(cls.Created, id=id, at=at, plan=plan, shadow=shadow, **facts)

    def start_shadow(self, at: datetime) -> None:
        """Raises Refused."""
        if self.state.shadow is None:
            raise Refused("it was created without `shadow`; start its rollout, or create one with a shadow")
        if self.state.status != "created":
            raise Refused(f"it is {self.state.status}; a shadow run begins before the rollout")
        if self.state.shadowed is not None:
            raise Refused("it was in the shadow already; start its rollout, or create another deployment")
        self.trigger(self.ShadowStarted, at=at)

    def end_shadow(self, answers: int, at: datetime) -> None:
        if self.state.status == "shadowing":
            self.trigger(self.ShadowEnded, at=at, answers=answers)

    def start_rollout(self, base: Versions, at: datetime) -> None:
        """The first step is in force from now on. Raises Refused."""
        if self.state.status not in ("created", "shadowing"):
            raise Refused(f"it is {self.state.status} already; create another deployment of the same variant")
        self.trigger(self.RolloutStarted, at=at, base=base)

    def observe(
        self, step: int, present: Versions, judgement: Judgement, at: datetime, *, barred: str | None = None
    ) -> None:
        """Take what was seen of a step: go back where a metric is too bad, go on where all was well for long enough, and stop where the agent
        in force, which is `present`, says something else than the one that it is compared with. One that would be promoted ends as well
        where that is `barred`, for this reason."""
        if not self.running or self._progress.step != step:
            return
        if self._compared_with_another(present):
            self.trigger(self.Stopped, at=at, reason=CHANGED, present=present)
            return
        move = self._progress.next_move(judgement, at)
        if move == "back":
            assert judgement.finding is not None
            reason = judgement.finding.text()
            self.trigger(self.RolledBack, at=at, step=step, reason=reason, judgement=judgement)
        elif move == "hold":
            self.trigger(self.RolloutHeld, at=at, step=step, judgement=judgement)
            if self._progress.goes_on:
                self._advance(at, barred)

    def confirm(self, present: Versions, at: datetime, *, barred: str | None = None) -> None:
        """Let a rollout go on that waits for it. Raises Refused for another one, one that was compared with another agent than is in force, which
        is `present`, and where it would be promoted, which is `barred`."""
        self._check_running()
        if self._compared_with_another(present):
            raise Refused(f"{CHANGED}; it is stopped by the next look. Create another deployment from here")
        self._progress.check_held()
        if barred is not None and self._promotes_next:
            raise Refused(f"it can't be promoted: {barred}")
        self.trigger(self.RolloutConfirmed, at=at, step=self._progress.step)
        self._advance(at, barred)

    def stop(self, reason: str, at: datetime) -> None:
        """Everybody has the agent in force. Raises Refused where it has ended."""
        if self.state.status not in ("created", "shadowing", "running"):
            raise Refused(f"it is {self.state.status} already")
        self.trigger(self.Stopped, at=at, reason=reason)

    def roll_back(self, reason: str, at: datetime) -> None:
        """By somebody's will: of one that is under way, or was promoted. Raises Refused for another one."""
        if self.state.status not in ("running", "promoted"):
            raise Refused(f"it is {self.state.status}; there is nothing to roll back")
        step = self._progress.step if self.running else None
        self.trigger(self.RolledBack, at=at, step=step, reason=reason)

    @property
    def _progress(self) -> Progress:
        assert self.state.progress is not None
        return self.state.progress

    def _check_running(self) -> None:
        if not self.running:
            raise Refused(f"no rollout of it is under way: it is {self.state.status}")

    def _compared_with_another(self, present: Versions) -> bool:
        base = self.state.base
        return base is not None and present.digest != base.digest

    @property
    def _promotes_next(self) -> bool:
        """Whether what follows this step is the promotion."""
        progress = self._progress
        return progress.last or progress.advanced(progress.since).over_at_once

    def _advance(self, at: datetime, barred: str | None) -> None:
        progress, promotes = self._progress, self._promotes_next
        if promotes and barred is not None:
            self.trigger(self.Stopped, at=at, reason=f"it can't be promoted: {barred}")
            return
        if not progress.last:
            ahead = progress.advanced(at)
            self.trigger(self.RolloutAdvanced, at=at, step=ahead.step, percentage=ahead.percentage)
        if promotes:
            self.trigger(self.Promoted, at=at)

    def _end(
        self, status: Status, at: datetime, reason: str | None = None, finding: Finding | None = None
    ) -> None:
        state = self.state
        state.status, state.ended_at, state.reason, state.finding = status, at, reason, finding
