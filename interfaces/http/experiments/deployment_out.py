"""A deployment as it is shown."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Response

from application.experiments.deploying import Changed
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.experiments.deployment import Deployment
from domain.experiments.deployment_state import ShadowPlan, Status
from domain.experiments.version import Versions
from domain.flags.plan import Plan
from domain.flags.rollout import Finding
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from projections.deployments import Deployments, ShadowSums, shadow_sums


class ProgressOut(msgspec.Struct, frozen=True, kw_only=True):
    """In step `step` of the plan, counted from 0, since `since`: the candidate has `percentage` of the customers. It holds at least until
    `until`; `held`: it has held, and waits to be confirmed."""

    step: int
    percentage: int
    since: datetime
    until: datetime
    held: bool


class DeploymentOut(msgspec.Struct, frozen=True, kw_only=True):
    """`hardly_found`: what a rollout by this plan does not find in its usual time. `against`: the version that it is compared with. `reason` and `finding`: why it was stopped or rolled back, and the figures. `shadowed`: how
    the candidate did beside what customers were told; null without a shadow."""

    id: UUID
    name: str
    status: Status
    variant: Variant
    evaluation: UUID
    plan: Plan
    hardly_found: list[str]
    shadow: ShadowPlan | None
    shadowed: ShadowSums | None
    progress: ProgressOut | None
    against: Versions | None
    reason: str | None
    finding: Finding | None
    created_at: datetime | None
    ended_at: datetime | None


async def response(
    changed: Changed, services: Services, context: Context, status: int = 200
) -> Response[DeploymentOut]:
    found = changed.deployment
    async with services.reads.at(context.tenant, Deployments()) as sql:
        shadowed = await shadow_sums(sql, context.tenant, found.id)
    headers = await written(services, context.tenant, changed.position, found.version)
    if status == 201:
        headers["Location"] = f"/v1/deployments/{found.id}"
    return Response(shown(found, shadowed), status_code=status, headers=headers)


def shown(found: Deployment, shadowed: ShadowSums) -> DeploymentOut:
    state, progress = found.state, None
    if (running := state.progress) is not None and found.running:
        progress = ProgressOut(
            step=running.step,
            percentage=running.percentage,
            since=running.since,
            until=running.until,
            held=running.held,
        )
    return DeploymentOut(
        id=found.id,
        name=state.name,
        status=state.status,
        variant=state.variant,
        evaluation=state.evaluation,
        plan=state.plan,
        hardly_found=state.plan.limits.hardly_found(),
        shadow=state.shadow,
        shadowed=None if state.shadow is None else shadowed,
        progress=progress,
        against=state.base,
        reason=state.reason,
        finding=state.finding,
        created_at=state.created_at,
        ended_at=state.ended_at,
    )
