"""A step of a deployment, and what follows of it: who is served what, and which version is in force. One save."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from application.base.setting import load_setting
from application.base.together import change_together
from application.experiments.in_force import InForce, in_force
from application.experiments.offered import check_known
from application.experiments.ports import Ports
from application.models.catalogue import catalogue_of
from application.ports import Done, Due
from domain.answers.serving import Serving
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.errors import Invalid, Refused
from domain.experiments.deployment import CANDIDATE, CURRENT, Deployment
from domain.experiments.releases import Releases
from domain.models.catalogue import Catalogue

DEPLOYMENT_WORK = "deployment"
SHADOW_WORK = "shadow"

LOOK = timedelta(seconds=15)
"""How often a rollout is looked at, in places that no other work takes: within a minute of the evidence it has gone back."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 where there was nothing to change."""

    deployment: Deployment
    position: int


class Deploying(msgspec.Struct, kw_only=True):
    """All that a step of a deployment may change, as of now, and the catalogue that its models are in."""

    deployment: Deployment
    serving: Serving
    releases: Releases
    in_force: InForce
    catalogue: Catalogue

    def check_offered(self, at: datetime) -> None:
        """Whether the candidate can be in force. Raises Invalid, Refused."""
        check_known(self.in_force.with_variant(self.deployment.state.variant), self.catalogue, at)

    def barred(self, at: datetime) -> str | None:
        """Why it can't be; None: it can."""
        try:
            self.check_offered(at)
        except (Invalid, Refused) as refusal:
            return str(refusal)
        return None

    @property
    def parts(self) -> Sequence[Aggregate[Any]]:
        return [self.deployment, self.serving, self.releases, *self.in_force.parts]


async def change_deployment(
    id: UUID, decide: Callable[[Deploying], None], context: Context, ports: Ports
) -> Changed:
    """Let `decide` go on with a deployment, and what follows of it come about: who is served what, and which version is in force. One
    save, so nobody ever sees, and no crash ever leaves, one without the other. Raises as `decide`, and NotFound."""

    def follow(deploying: Deploying) -> Sequence[Aggregate[Any]]:
        decide(deploying)
        deployment, at = deploying.deployment, ports.clock()
        if any(isinstance(event, Deployment.Promoted) for event in deployment.pending_events):
            _promote(deploying, at)
        if deployment.running:
            shares = {CURRENT: 1 - deployment.share, CANDIDATE: deployment.share}
            deploying.serving.reshare(id, shares, at)
        else:
            deploying.serving.close(id, at)
        return deploying.parts

    deploying, saved = await change_together(
        lambda: load_deploying(id, context.tenant, ports),
        follow,
        context,
        store=ports.store,
        work=lambda deploying: _work(deploying.deployment, ports.clock()),
    )
    return Changed(deployment=deploying.deployment, position=saved.position)


async def load_deploying(id: UUID, tenant: UUID, ports: Ports) -> Deploying:
    """Raises NotFound."""
    deployment = await ports.store.load(Deployment, id, tenant=tenant)
    serving, releases, present, catalogue = await asyncio.gather(
        load_setting(Serving, tenant, store=ports.store),
        load_setting(Releases, tenant, store=ports.store),
        in_force(tenant, store=ports.store),
        catalogue_of(tenant, store=ports.store, shipped=ports.providers.catalogue),
    )
    return Deploying(
        deployment=deployment,
        serving=serving or Serving.begin(tenant, ports.clock()),
        releases=releases or Releases.begin(tenant, ports.clock()),
        in_force=present,
        catalogue=catalogue,
    )


def _promote(deploying: Deploying, at: datetime) -> None:
    """Make the candidate the agent in force; what was is a release that one can go back to."""
    present, releases, deployment = deploying.in_force, deploying.releases, deploying.deployment
    releases.note_present(present.versions, at)
    present.put(present.with_variant(deployment.state.variant), at)
    releases.release(present.versions, deployment.id, at)


def _work(deployment: Deployment, now: datetime) -> Sequence[Due | Done]:
    """A rollout is looked at until it has ended. A shadow that ends here is looked at once more: what was lost of it is still to be charged."""
    left = any(
        isinstance(event, Deployment.RolloutStarted)
        or (isinstance(event, Deployment.Stopped) and deployment.state.progress is None)
        for event in deployment.pending_events
    )
    shadow = (
        [Due(kind=SHADOW_WORK, key=deployment.id.hex, due_at=now)] if left and deployment.state.shadow else []
    )
    if deployment.running:
        return [Due(kind=DEPLOYMENT_WORK, key=deployment.id.hex, due_at=now + LOOK), *shadow]
    return [Done(kind=DEPLOYMENT_WORK, key=deployment.id.hex), *shadow]
