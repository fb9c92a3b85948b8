"""What a tenant serves to whom: the splits that are under way, of experiments and of deployments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.answers.split import SLOTS, Range, Split, allotted
from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid, NotFound, Refused
from domain.base.one_per_tenant import OnePerTenant

MOST = 20
"""Splits at a time: each is looked at for each answer."""


class ServingState(msgspec.Struct):
    splits: dict[UUID, Split] = {}

    @property
    def in_order(self) -> list[Split]:
        """As they are put over the agent in force: deployments, then experiments, which so win."""
        return sorted(
            self.splits.values(), key=lambda split: (split.kind != "deployment", split.since, split.id)
        )

    @property
    def models(self) -> frozenset[str]:
        """provider/model of all that the arms name."""
        return frozenset(
            model for split in self.splits.values() for arm in split.arms for model in arm.variant.models
        )


class Serving(OnePerTenant[ServingState]):
    """One per tenant. Changed with the experiment or the deployment whose split it is, in one save."""

    TOPIC = "serving"
    State = ServingState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "serving.begun"

    class Opened(Event, frozen=True, kw_only=True):
        """From now on customers get its arms."""

        TOPIC: ClassVar[str] = "serving.opened"
        split: Split

        def apply(self, aggregate: Serving) -> None:
            aggregate._put(self.split)

    class Reshared(Event, frozen=True, kw_only=True):
        """Shares by arm."""

        TOPIC: ClassVar[str] = "serving.reshared"
        split: UUID
        shares: dict[str, float]

        def apply(self, aggregate: Serving) -> None:
            split = aggregate.state.splits[self.split]
            arms = tuple(msgspec.structs.replace(arm, share=self.shares[arm.name]) for arm in split.arms)
            aggregate._put(msgspec.structs.replace(split, arms=arms))

    class Widened(Event, frozen=True, kw_only=True):
        """More customers are in it; those who were stay."""

        TOPIC: ClassVar[str] = "serving.widened"
        split: UUID
        ranges: tuple[Range, ...]

        def apply(self, aggregate: Serving) -> None:
            aggregate._put(msgspec.structs.replace(aggregate.state.splits[self.split], ranges=self.ranges))

    class Closed(Event, frozen=True, kw_only=True):
        """From now on its customers get the agent in force, as all others."""

        TOPIC: ClassVar[str] = "serving.closed"
        split: UUID

        def apply(self, aggregate: Serving) -> None:
            state = aggregate.state
            state.splits = {id: split for id, split in state.splits.items() if id != self.split}

    def open(self, split: Split, traffic: float, at: datetime) -> None:
        """Begin to serve it to the part `traffic` (0 to 1) of all customers. Raises Invalid; Refused where its group has no room for
        as many, or another experiment touches the same."""
        split.check()
        if split.id in self.state.splits:
            raise Refused(f"the {split.kind} {split.id} is served already")
        if len(self.state.splits) >= MOST:
            raise Refused(f"{MOST} experiments and deployments are under way; end one first")
        self._check_apart(split)
        ranges = self._allot(split, traffic, ())
        self.trigger(self.Opened, at=at, split=msgspec.structs.replace(split, ranges=ranges, since=at))

    def reshare(self, id: UUID, shares: Mapping[str, float], at: datetime) -> None:
        """Give arms other shares; customers only go to those that grow. Raises NotFound, Invalid."""
        split = self._split(id)
        if set(shares) != {arm.name for arm in split.arms}:
            raise Invalid(f"name the share of each arm: {', '.join(arm.name for arm in split.arms)}")
        arms = tuple(msgspec.structs.replace(arm, share=float(shares[arm.name])) for arm in split.arms)
        msgspec.structs.replace(split, arms=arms).check()
        if arms != split.arms:
            self.trigger(self.Reshared, at=at, split=id, shares={arm.name: arm.share for arm in arms})

    def widen(self, id: UUID, traffic: float, at: datetime) -> None:
        """Take in more customers. Raises NotFound, Invalid; Refused for fewer, or where the group has no room."""
        split = self._split(id)
        if _slots(traffic) < _slots(split.traffic):
            raise Refused(
                f"it has {split.traffic:g} of the customers, who stay in it; stop it, or take in more"
            )
        ranges = self._allot(split, traffic, split.ranges)
        if ranges != split.ranges:
            self.trigger(self.Widened, at=at, split=id, ranges=ranges)

    def close(self, id: UUID, at: datetime) -> None:
        """Serve it to nobody any more."""
        if id in self.state.splits:
            self.trigger(self.Closed, at=at, split=id)

    def _split(self, id: UUID) -> Split:
        if id not in self.state.splits:
            raise NotFound(f"nothing with the id {id} is served at the moment")
        return self.state.splits[id]

    def _allot(self, split: Split, traffic: float, own: tuple[Range, ...]) -> tuple[Range, ...]:
        size = _slots(traffic)
        if not 1 <= size <= SLOTS:
            raise Invalid(f"traffic is the part of all customers, from {1 / SLOTS:g} to 1; it is {traffic:g}")
        taken = [
            each
            for other in self.state.splits.values()
            if other.group is not None and other.group == split.group and other.id != split.id
            for each in other.ranges
        ]
        found = allotted(size, taken, own)
        if found is None:
            free = (SLOTS - sum(end - first for first, end in (*taken, *own))) / SLOTS
            raise Refused(
                f"the group {split.group!r} has {free:g} of the customers left, and no customer is in two of its experiments: "
                "take less traffic, or end another one"
            )
        return found

    def _check_apart(self, split: Split) -> None:
        """Two experiments with the same customers touch different parts of the agent."""
        if split.kind != "experiment":
            return
        for other in self.state.splits.values():
            if other.kind != "experiment" or (split.group is not None and split.group == other.group):
                continue
            if common := sorted(split.parts & other.parts):
                raise Refused(
                    f"the experiment {other.id} changes {', '.join(common)} too: give both the same group, "
                    "so that no customer is in both, or end that one first"
                )

    def _put(self, split: Split) -> None:
        self.state.splits = {**self.state.splits, split.id: split}


def _slots(traffic: float) -> int:
    return round(traffic * SLOTS)
