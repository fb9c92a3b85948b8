"""What a deployment is, and how far it has come."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.answers.variant import Variant
from domain.base.aggregate import NIL
from domain.experiments.version import Versions
from domain.flags.plan import Plan
from domain.flags.progress import Progress
from domain.flags.rollout import Finding

Status = Literal["created", "shadowing", "running", "promoted", "stopped", "rolled back"]


class ShadowPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The candidate answers this `share` of conversations without being shown, `most` messages at most."""

    share: Annotated[float, Meta(gt=0, le=1)] = 0.1
    most: Annotated[int, Meta(ge=1, le=100_000)] = 200


class DeploymentState(msgspec.Struct):
    name: str = ""
    variant: Variant = Variant()
    digest: str = ""
    """Of the variant, as its evaluation has it."""

    evaluation: UUID = NIL
    plan: Plan = Plan()
    shadow: ShadowPlan | None = None
    shadowed: int | None = None
    """Messages that were, once that has ended."""

    status: Status = "created"
    created_at: datetime | None = None
    base: Versions | None = None
    """The version of the agent that it is compared with, and that everybody has again where it does not come through."""

    progress: Progress | None = None
    reason: str | None = None
    """Why it ended; None where it was promoted."""

    finding: Finding | None = None
    ended_at: datetime | None = None
