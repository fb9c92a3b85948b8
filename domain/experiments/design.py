"""The design of an experiment: what is compared, with how many customers, and what it goes by. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.answers.split import WINDOW, Arm, Name, Split, Window
from domain.base.aggregate import EPOCH, NIL
from domain.base.errors import Invalid
from domain.flags.outcome import MEASURES, Metric
from domain.flags.plan import Limits

Traffic = Annotated[float, Meta(gt=0, le=1)]


class Design(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`arms`: the first is what the others are compared with. `traffic`: the part of all customers that take part. `group`: experiments of
    one have no customer in common.

    `goal`: what is to become better. `limits`: what must not get worse. `least`: customers whose outcome is known, in each arm, without
    which it is not stopped for its benefit. `window`: seconds from a customer's first answer, after which what came of it counts.
    """

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    question: Annotated[str, Meta(max_length=2000)] = ""
    arms: Annotated[tuple[Arm, ...], Meta(max_length=6)]
    traffic: Traffic = 1.0
    group: Name | None = None
    goal: Metric = "helpful_rate"
    limits: Limits = Limits()
    least: Annotated[int, Meta(ge=0, le=1_000_000)] = 100
    window: Window = WINDOW
    stop_for_benefit: bool = True

    @property
    def control(self) -> Arm:
        return self.arms[0]

    @property
    def others(self) -> tuple[Arm, ...]:
        """Those that are compared with it."""
        return self.arms[1:]

    def check(self) -> None:
        """Raises Invalid."""
        if len(self.arms) < 2:
            raise Invalid("arms are two to six: the first, and what is compared with it")
        self.split(NIL, EPOCH).check()
        if nobodys := [arm.name for arm in self.arms if arm.share == 0]:
            raise Invalid(f"nobody would get {', '.join(nobodys)}; give each arm a share above 0")
        self.limits.check()

    def split(self, id: UUID, at: datetime) -> Split:
        """As it is served."""
        return Split(id=id, kind="experiment", group=self.group, arms=self.arms, window=self.window, since=at)

    def better(self, metric: Metric) -> str:
        """Which way is good, in a word."""
        return "lower" if MEASURES[metric].rise_harms else "higher"
