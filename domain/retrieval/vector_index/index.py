"""A tenant's approximate index, as it was decided: built, promoted, withdrawn. One stream a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.one_per_tenant import OnePerTenant
from domain.retrieval.vector_index.promotion import (
    RULE,
    Because,
    IndexRules,
    Size,
    Status,
    Step,
    VectorIndexState,
    enough,
    next_step,
)
from domain.retrieval.vector_index.recall import Recall

REVIEW_WORK = "review_vector_index"
"""Its key is always `nearest`. infra/schema/245_vector_indexes.sql owes it."""


class VectorIndex(OnePerTenant[VectorIndexState]):
    """Figures only; nothing in it is personal."""

    TOPIC = "vector_index"
    State = VectorIndexState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "vector_index.begun"
        PERSONAL: ClassVar[bool] = False

    class Built(Event, frozen=True, kw_only=True):
        """It stands beside exact search, which serves, and is measured by it. `least`: chunks from which on a tenant may have one."""

        TOPIC: ClassVar[str] = "vector_index.built"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        rule: int
        size: Size
        least: int = 0

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version did not say `least`."""

        def apply(self, aggregate: VectorIndex) -> None:
            aggregate.state = VectorIndexState(
                status="trial",
                model=self.size.model,
                dimension=self.size.dimension,
                since=self.timestamp,
            )

    class Promoted(Event, frozen=True, kw_only=True):
        """It serves, with `ef` candidates. `wanted`: the recall that it had to reach; `recalls`: what was measured."""

        TOPIC: ClassVar[str] = "vector_index.promoted"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        rule: int
        size: Size
        ef: int
        wanted: float
        recalls: tuple[Recall, ...]
        least: int = 0

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version did not say `least`."""

        def apply(self, aggregate: VectorIndex) -> None:
            state = aggregate.state
            state.status, state.ef, state.since = "promoted", self.ef, self.timestamp

    class Withdrawn(Event, frozen=True, kw_only=True):
        """It goes, and searches are exact; `status`: what it was."""

        TOPIC: ClassVar[str] = "vector_index.withdrawn"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        rule: int
        status: Status
        size: Size
        because: Because
        wanted: float
        recalls: tuple[Recall, ...]
        least: int = 0

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version did not say `least`."""

        def apply(self, aggregate: VectorIndex) -> None:
            aggregate.state = VectorIndexState(
                since=self.timestamp,
                because=self.because,
                rejected=self.size if self.because in ("recall", "idle") else None,
            )

    @property
    def subject(self) -> UUID:
        return NIL

    def build(self, size: Size, rules: IndexRules, at: datetime) -> None:
        """It is there."""
        if self.state.status == "exact":
            self.trigger(self.Built, at=at, rule=RULE, size=size, least=rules.least)

    def review(
        self, size: Size, standing: bool, recalls: Sequence[Recall], rules: IndexRules, at: datetime
    ) -> Step:
        """Decide what is to be. To `build` one, and to `renew` what is measured, is left to who can."""
        step = next_step(self.state, size, standing, recalls, rules, at)
        if step in ("stay", "build", "renew"):
            return step
        facts = {"rule": RULE, "size": size, "wanted": rules.recall, "least": rules.least}
        facts["recalls"] = tuple(recalls)
        if step == "promote":
            self.trigger(self.Promoted, at=at, ef=enough(recalls, rules), **facts)
        else:
            self.trigger(self.Withdrawn, at=at, status=self.state.status, because=step, **facts)
        return step
