"""Going back by hand: a deployment to what was in force before it, or all to an earlier release, out of the log."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.experiments.deploying import Changed, Deploying, change_deployment
from application.experiments.deployment import checked_reason
from application.experiments.going_back import go_back
from application.experiments.ports import Ports
from domain.base.context import Context
from domain.base.errors import Refused
from domain.experiments.deployment import Deployment
from domain.experiments.releases import Release, Releases

ELSEWHERE = (
    "another release was put in force since; GET /v1/deployments/releases shows them, and "
    "POST /v1/deployments/releases/rollback goes back to one"
)


class RollBackDeployment(msgspec.Struct, frozen=True, kw_only=True):
    deployment: UUID
    reason: str


class RollBackRelease(msgspec.Struct, frozen=True, kw_only=True):
    """`release` is in force again; None: the one before the present one."""

    reason: str
    release: int | None = None


class RolledBack(msgspec.Struct, frozen=True, kw_only=True):
    """`release` is in force now."""

    releases: Releases
    release: Release
    position: int


async def roll_back_deployment(command: RollBackDeployment, context: Context, ports: Ports) -> Changed:
    """Of one that is under way: everybody has the agent in force. Of one that was promoted: the release before it is in force.

    Raises NotFound, Invalid; Refused where it is neither, or another release was put in force since.
    """
    reason, id = checked_reason(command.reason), command.deployment
    found = await ports.store.load(Deployment, id, tenant=context.tenant)
    if found.state.status != "promoted":

        def decide(deploying: Deploying) -> None:
            deploying.deployment.roll_back(reason, ports.clock())

        return await change_deployment(id, decide, context, ports)

    def before(releases: Releases) -> int:
        if releases.present is None or releases.present.deployment != id or not releases.ready:
            raise Refused(ELSEWHERE)
        return releases.ready[0].number

    loaded, position = await go_back(before, reason, context, ports)
    assert loaded.deployment is not None
    return Changed(deployment=loaded.deployment, position=position)


async def roll_back_release(command: RollBackRelease, context: Context, ports: Ports) -> RolledBack:
    """Put an earlier release in force. A deployment that is under way was compared with another agent, and is stopped by its next look.

    Raises Invalid, NotFound, Refused: where none is ready, or a model of it is retired by now.
    """
    reason = checked_reason(command.reason)
    loaded, position = await go_back(lambda _: command.release, reason, context, ports)
    return RolledBack(releases=loaded.releases, release=loaded.release, position=position)
