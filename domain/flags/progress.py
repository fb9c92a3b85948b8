"""How far a gradual rollout has come, and what comes next. The same for whatever is rolled out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, Self

import msgspec

from domain.base.errors import Refused
from domain.flags.plan import Plan
from domain.flags.rollout import Judgement, enough

Move = Literal["back", "hold"]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """In `step` (counted from 0) of its plan since `since`; `held`: this step is done and waits to be confirmed."""

    plan: Plan
    step: int = 0
    since: datetime
    held: bool = False

    @property
    def percentage(self) -> int:
        return self.plan.steps[self.step].percentage

    @property
    def until(self) -> datetime:
        """When the step's time is over."""
        return self.since + timedelta(hours=self.plan.steps[self.step].hold_hours)

    @property
    def last(self) -> bool:
        return self.step == len(self.plan.steps) - 1

    @property
    def over_at_once(self) -> bool:
        """Whether the last step is in force, and has no time of its own to hold."""
        return self.last and self.plan.steps[self.step].hold_hours == 0

    @property
    def goes_on(self) -> bool:
        """Whether nobody has to confirm that this step is followed by the next one, or by the end."""
        return self.plan.automatic or self.last

    def holding(self) -> Self:
        """With this step done."""
        return msgspec.structs.replace(self, held=True)

    def advanced(self, at: datetime) -> Self:
        """In the next step."""
        return msgspec.structs.replace(self, step=self.step + 1, since=at, held=False)

    def next_move(self, judgement: Judgement, at: datetime) -> Move | None:
        """Back where a metric is too bad; else this step has held, where all was well for long enough; None: go on looking."""
        if judgement.finding is not None:
            return "back"
        if not self.held and at >= self.until and enough(self.plan, self.step, judgement):
            return "hold"
        return None

    def check_held(self) -> None:
        """Raises Refused."""
        if not self.held:
            when = self.until.isoformat(timespec="seconds")
            raise Refused(
                f"step {self.step + 1} has not held yet; it takes until {when} and customers enough"
            )
