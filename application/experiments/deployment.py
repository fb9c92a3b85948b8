"""Deployments: created, tried in the shadow, rolled out, confirmed, stopped, rolled back."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.amend import amend
from application.experiments.deploying import SHADOW_WORK, Changed, Deploying, change_deployment
from application.experiments.in_force import in_force
from application.experiments.offered import check_offered
from application.experiments.ports import Ports
from application.ports import Due
from domain.answers.split import Arm, Split
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.errors import Invalid, Refused
from domain.experiments.deployment import CANDIDATE, CURRENT, Deployment
from domain.experiments.deployment_state import ShadowPlan
from domain.flags.plan import Plan
from domain.learning.evaluation import Evaluation


class CreateDeployment(msgspec.Struct, frozen=True, kw_only=True):
    """`variant` None: that of the evaluation."""

    name: str
    evaluation: UUID
    variant: Variant | None = None
    plan: Plan = Plan()
    shadow: ShadowPlan | None = None


class StartShadow(msgspec.Struct, frozen=True, kw_only=True):
    deployment: UUID


class StartDeployment(msgspec.Struct, frozen=True, kw_only=True):
    deployment: UUID


class ConfirmDeployment(msgspec.Struct, frozen=True, kw_only=True):
    deployment: UUID


class StopDeployment(msgspec.Struct, frozen=True, kw_only=True):
    deployment: UUID
    reason: str


async def create_deployment(command: CreateDeployment, context: Context, ports: Ports) -> Changed:
    """Raises NotFound for an evaluation that there is not, Refused for one that has not passed or is of another variant, Invalid."""
    name = command.name.strip()
    if not 1 <= len(name) <= 100:
        raise Invalid("a name has 1 to 100 characters")
    evaluation = await ports.store.load(Evaluation, command.evaluation, tenant=context.tenant)
    variant = _variant_of(evaluation, command.variant)
    deployment = Deployment.create_for(
        ports.ids(),
        name=name,
        variant=variant,
        evaluation=command.evaluation,
        plan=command.plan,
        shadow=command.shadow,
        at=ports.clock(),
    )
    present = await in_force(context.tenant, store=ports.store)
    await check_offered(present.with_variant(variant), context, ports)
    saved = await ports.store.save(deployment, context=context)
    return Changed(deployment=deployment, position=saved.position)


async def start_shadow(command: StartShadow, context: Context, ports: Ports) -> Changed:
    """Raises NotFound, and Refused as `start_deployment` for its models."""
    found = await ports.store.load(Deployment, command.deployment, tenant=context.tenant)
    present = await in_force(context.tenant, store=ports.store)
    await check_offered(present.with_variant(found.state.variant), context, ports)
    work = [Due(kind=SHADOW_WORK, key=command.deployment.hex, due_at=ports.clock())]
    deployment, saved = await amend(
        Deployment,
        command.deployment,
        lambda deployment: deployment.start_shadow(ports.clock()),
        context=context,
        store=ports.store,
        work=work,
    )
    return Changed(deployment=deployment, position=saved.position)


async def start_deployment(command: StartDeployment, context: Context, ports: Ports) -> Changed:
    """The first step is in force at once, and is looked at from then on. Raises NotFound; Refused while another deployment is under way, and
    for a model that nobody has, or that is retired by now."""

    def decide(deploying: Deploying) -> None:
        at, deployment = ports.clock(), deploying.deployment
        for split in deploying.serving.state.splits.values():
            if split.kind == "deployment" and split.id != deployment.id:
                raise Refused(f"the deployment {split.id} is under way; wait for its end, or stop it first")
        deployment.start_rollout(deploying.in_force.versions, at)
        deploying.check_offered(at)
        arms = (
            Arm(name=CURRENT, share=1 - deployment.share),
            Arm(name=CANDIDATE, share=deployment.share, variant=deployment.state.variant),
        )
        window = deployment.state.plan.window
        split = Split(id=deployment.id, kind="deployment", arms=arms, window=window, since=at)
        deploying.serving.open(split, 1.0, at)

    return await change_deployment(command.deployment, decide, context, ports)


async def confirm_deployment(command: ConfirmDeployment, context: Context, ports: Ports) -> Changed:
    """Let the next step begin; after the last one it is promoted. Raises NotFound, and Refused where the present step has not held yet, where
    the agent in force was changed by hand, or where it would be promoted with a model that is retired by now."""

    def decide(deploying: Deploying) -> None:
        at = ports.clock()
        deploying.deployment.confirm(deploying.in_force.versions, at, barred=deploying.barred(at))

    return await change_deployment(command.deployment, decide, context, ports)


async def stop_deployment(command: StopDeployment, context: Context, ports: Ports) -> Changed:
    """Everybody has the agent in force. Raises NotFound, Invalid, and Refused where it has ended."""
    reason = checked_reason(command.reason)

    def decide(deploying: Deploying) -> None:
        deploying.deployment.stop(reason, ports.clock())

    return await change_deployment(command.deployment, decide, context, ports)


def checked_reason(text: str) -> str:
    """Raises Invalid."""
    reason = text.strip()
    if not 1 <= len(reason) <= 500:
        raise Invalid("a reason has 1 to 500 characters")
    return reason


def _variant_of(evaluation: Evaluation, variant: Variant | None) -> Variant:
    """That has passed. Raises Refused."""
    evaluated = evaluation.state.variant
    if variant is not None and variant.digest != evaluated.digest:
        raise Refused(
            f"the evaluation {evaluation.id} is of another variant; leave `variant` out to deploy the one that it is of, or evaluate this one"
        )
    if not evaluation.passed:
        raise Refused(
            f"the evaluation {evaluation.id} has not passed; only a variant that has is deployed. GET /v1/evaluations/{evaluation.id} tells why"
        )
    return evaluated
