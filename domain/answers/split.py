"""A split: which variant of the agent a customer gets, while several are compared or one is rolled out. Pure.

Who gets what follows from the customer's id alone, so nothing is remembered and every process says the same. It does not depend on flags'
buckets nor on any other split: each hashes with names of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import log
from typing import Annotated, Literal
from uuid import UUID

import mmh3
import msgspec
from msgspec import Meta

from domain.answers.variant import Variant
from domain.base.errors import Invalid
from domain.base.patterns import ARM

SLOTS = 10_000
"""Of a layer: customers are spread over them evenly, and a split takes some."""

LAYERS, ARMS = 0x5EED_0001, 0x5EED_0002
"""Seeds of murmur3: apart from those of flags, and of each other."""

Kind = Literal["experiment", "deployment"]
Name = Annotated[str, Meta(min_length=1, max_length=40, pattern=ARM)]
Share = Annotated[float, Meta(ge=0, le=1)]
Window = Annotated[float, Meta(ge=0, le=30 * 86_400)]
WINDOW = 600.0
Range = tuple[int, int]
"""Slots from the first to before the second."""


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """`share`: the part of the split's customers that gets it, 0 to 1."""

    name: Name
    share: Share
    variant: Variant = Variant()


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """The arm of an interaction. `share`: that of the arm when it was served, which tests go by."""

    split: UUID
    kind: Kind
    arm: str
    share: float


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Several arms, whose shares add up to 1; the first is what the others are compared with.

    `window`: seconds from a customer's first answer in it, after which what came of it counts. Splits of one `group` share a layer, of which each has `ranges` of its own: no customer is in two of them. Without a group the layer is
    the split's own.
    """

    id: UUID
    kind: Kind
    group: str | None = None
    arms: tuple[Arm, ...]
    ranges: tuple[Range, ...] = ((0, SLOTS),)
    since: datetime
    window: Window = WINDOW

    @property
    def traffic(self) -> float:
        """The part of all customers that are in it, 0 to 1."""
        return sum(end - first for first, end in self.ranges) / SLOTS

    @property
    def parts(self) -> frozenset[str]:
        """What of the agent any of its arms touches."""
        return frozenset().union(*(arm.variant.parts for arm in self.arms))

    @property
    def comparing(self) -> bool:
        """Whether customers get different things."""
        return sum(arm.share > 0 for arm in self.arms) > 1

    def arm(self, name: str) -> Arm | None:
        return next((arm for arm in self.arms if arm.name == name), None)

    def check(self) -> None:
        """Raises Invalid."""
        names = [arm.name for arm in self.arms]
        if len(set(names)) != len(names):
            raise Invalid(f"each arm has a name of its own; they are {', '.join(names)}")
        if abs(sum(arm.share for arm in self.arms) - 1) > 1e-6:
            raise Invalid(
                f"the shares of the arms add up to 1; they are {', '.join(str(arm.share) for arm in self.arms)}"
            )


def assign(split: Split, unit: UUID) -> Arm | None:
    """The arm of a customer; None: not in the split.

    Rendezvous hashing with weights (Thaler and Ravishankar 1998; the logarithm makes the shares exact): as shares change, a customer goes
    from one arm to another only where the other's share has grown more.
    """
    if not _takes(split, unit):
        return None
    chosen, least = None, float("inf")
    for arm in split.arms:
        if arm.share > 0 and (score := -log(_uniform(split.id, arm.name, unit)) / arm.share) < least:
            chosen, least = arm, score
    return chosen


def assignment(split: Split, arm: Arm) -> Assignment:
    return Assignment(split=split.id, kind=split.kind, arm=arm.name, share=arm.share)


def allotted(size: int, taken: Sequence[Range], own: Sequence[Range] = ()) -> tuple[Range, ...] | None:
    """`own` and as many free slots of a layer as make `size`; None where there are not enough."""
    ranges, needed, at = list(own), size - sum(end - first for first, end in own), 0
    for first, end in (*sorted((*taken, *own)), (SLOTS, SLOTS)):
        if needed > 0 and first > at:
            ranges.append((at, at + min(needed, first - at)))
            needed -= min(needed, first - at)
        at = max(at, end)
    return None if needed > 0 else _joined(ranges)


def _joined(ranges: Sequence[Range]) -> tuple[Range, ...]:
    joined: list[Range] = []
    for first, end in sorted(ranges):
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    return tuple(joined)


def _takes(split: Split, unit: UUID) -> bool:
    if split.ranges == ((0, SLOTS),):
        return True
    layer = f"split:{split.id}" if split.group is None else f"group:{split.group}"
    slot = mmh3.hash(f"{layer}:{unit}", LAYERS, signed=False) % SLOTS
    return any(first <= slot < end for first, end in split.ranges)


def _uniform(split: UUID, arm: str, unit: UUID) -> float:
    """Above 0, at most 1."""
    hash, _ = mmh3.hash64(f"{split}:{arm}:{unit}", ARMS, signed=False)
    return (hash + 1) / 2**64
