"""Going back by hand: a deployment to what was in force before it, or all to an earlier release, out of the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from application.base.setting import load_setting
from application.base.together import change_together
from application.experiments.deploying import Changed, Deploying, change_deployment
from application.experiments.deployment import check_offered, checked_reason
from application.experiments.in_force import InForce, in_force, version_of
from application.experiments.ports import Ports
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.errors import Refused
from domain.experiments.deployment import Deployment
from domain.experiments.releases import Release, Releases
from domain.experiments.version import AgentVersion

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


class _Loaded(msgspec.Struct, kw_only=True):
    """`deployment`: that was promoted with the release that goes."""

    releases: Releases
    release: Release
    version: AgentVersion
    in_force: InForce
    deployment: Deployment | None


async def releases_of(tenant: UUID, ports: Ports) -> Releases:
    """As of now."""
    found = await load_setting(Releases, tenant, store=ports.store)
    return found or Releases.begin(tenant, ports.clock())


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

    loaded, position = await _go_back(before, reason, context, ports)
    assert loaded.deployment is not None
    return Changed(deployment=loaded.deployment, position=position)


async def roll_back_release(command: RollBackRelease, context: Context, ports: Ports) -> RolledBack:
    """Put an earlier release in force. A deployment that is under way was compared with another agent, and is stopped by its next look.

    Raises Invalid, NotFound, Refused: where none is ready, or a model of it is retired by now.
    """
    reason = checked_reason(command.reason)
    loaded, position = await _go_back(lambda _: command.release, reason, context, ports)
    return RolledBack(releases=loaded.releases, release=loaded.release, position=position)


async def _go_back(
    choose: Callable[[Releases], int | None], reason: str, context: Context, ports: Ports
) -> tuple[_Loaded, int]:
    """In one save; what was set by hand since is kept as a release too."""

    async def load() -> _Loaded:
        tenant = context.tenant
        releases, present = await asyncio.gather(
            releases_of(tenant, ports), in_force(tenant, store=ports.store)
        )
        chosen, before = choose(releases), releases.present
        releases.note_present(present.versions, ports.clock())
        release = releases.to_go_back_to(chosen)
        version = await version_of(release.versions, tenant, store=ports.store)
        await check_offered(version, context, ports)
        deployment = None
        if before is not None and before.deployment not in (None, release.deployment):
            deployment = await ports.store.load(Deployment, before.deployment, tenant=tenant)
        return _Loaded(
            releases=releases, release=release, version=version, in_force=present, deployment=deployment
        )

    def decide(loaded: _Loaded) -> Sequence[Aggregate[Any]]:
        at, releases, deployment = ports.clock(), loaded.releases, loaded.deployment
        if deployment is not None and deployment.state.status == "promoted":
            deployment.roll_back(reason, at)
        releases.roll_back(loaded.release, reason, at)
        loaded.in_force.put(loaded.version, at, loaded.release.versions)
        return [*([] if deployment is None else [deployment]), releases, *loaded.in_force.parts]

    loaded, saved = await change_together(load, decide, context, store=ports.store)
    return loaded, saved.position
