"""A look at a deployment under way, as work: it goes on, holds, goes back, by what came of customers."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from uuid import UUID

import msgspec

from application.experiments.deploying import LOOK, Deploying, change_deployment
from application.experiments.ports import Ports
from application.flags.flag import GRACE, judge_rollout
from domain.base.context import Context
from domain.experiments.deployment import CANDIDATE, CURRENT, Deployment

log = logging.getLogger("retrace.deployments")


class LookAtDeployment(msgspec.Struct, frozen=True, kw_only=True):
    deployment: UUID


async def look_at_deployment(command: LookAtDeployment, context: Context, ports: Ports) -> datetime | None:
    """When to look again; None: it has ended. Raises Unavailable while the read model is behind: what it does not know yet must not count
    as good, so the deployment holds where it is, and is looked at again some seconds later."""
    id, tenant = command.deployment, context.tenant
    found = await ports.store.load(Deployment, id, tenant=tenant)
    progress = found.state.progress
    if progress is None or not found.running:
        return None
    until = ports.clock() - GRACE
    seen = await ports.outcomes.closed(tenant, id, new=CANDIDATE, beside=CURRENT, until=until)
    judgement = await asyncio.to_thread(judge_rollout, progress, seen)

    def decide(deploying: Deploying) -> None:
        present, at = deploying.in_force.versions, ports.clock()
        barred = deploying.barred(at)
        deploying.deployment.observe(progress.step, present, judgement, at, barred=barred)

    changed = await change_deployment(id, decide, context, ports)
    if changed.deployment.running:
        return ports.clock() + LOOK
    _tell(changed.deployment, context)
    return None


def _tell(deployment: Deployment, context: Context) -> None:
    """Apps are told by the event, where they have a webhook for it; operators by the log, too."""
    state = deployment.state
    facts = {
        "tenant": str(context.tenant),
        "deployment": str(deployment.id),
        "reason": state.reason,
    }
    level = logging.INFO if state.status == "promoted" else logging.WARNING
    log.log(level, "deployment %s", state.status, extra={"facts": facts})
