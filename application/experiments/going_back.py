"""Going back: an earlier release in force again, in one save, out of the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from application.base.setting import load_setting
from application.base.together import change_together
from application.experiments.in_force import InForce, in_force, version_of
from application.experiments.offered import check_offered
from application.experiments.ports import Ports
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.experiments.deployment import Deployment
from domain.experiments.releases import Release, Releases
from domain.experiments.version import AgentVersion


class WentBack(msgspec.Struct, kw_only=True):
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


async def go_back(
    choose: Callable[[Releases], int | None], reason: str, context: Context, ports: Ports
) -> tuple[WentBack, int]:
    """In one save; what was set by hand since is kept as a release too."""

    async def load() -> WentBack:
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
        return WentBack(
            releases=releases, release=release, version=version, in_force=present, deployment=deployment
        )

    def decide(loaded: WentBack) -> Sequence[Aggregate[Any]]:
        at, releases, deployment = ports.clock(), loaded.releases, loaded.deployment
        if deployment is not None and deployment.state.status == "promoted":
            deployment.roll_back(reason, at)
        releases.roll_back(loaded.release, reason, at)
        loaded.in_force.put(loaded.version, at, loaded.release.versions)
        return [*([] if deployment is None else [deployment]), releases, *loaded.in_force.parts]

    loaded, saved = await change_together(load, decide, context, store=ports.store)
    return loaded, saved.position
