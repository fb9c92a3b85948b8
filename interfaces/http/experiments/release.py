"""Releases: what was in force for all, and stays ready to go back to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.experiments.going_back import releases_of
from application.experiments.rollback import RollBackRelease, roll_back_release
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.experiments.releases import Release, Releases
from domain.experiments.version import Versions
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class ReleaseOut(msgspec.Struct, frozen=True, kw_only=True):
    """`versions`: of the streams `agent`, `routing` and `prompts`, where GET /v1/audit/states shows what it says. `deployment` null: it was
    set by hand. `present`: the last one that was put in force for all; the others are ready to go back to."""

    number: int
    present: bool
    deployment: UUID | None
    versions: Versions
    at: datetime


class RollbackIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`release` left out: the one before the present one."""

    reason: Reason
    release: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


@get("/v1/deployments/releases", scope="analytics:view")
async def list_all(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[Page[ReleaseOut]]:
    """The release in force, and the last three before it, which stay ready. Empty before the first promotion."""
    releases = await releases_of(principal.tenant, services)
    present = releases.present
    shown = [] if present is None else [_shown(present, True)]
    shown += [_shown(release, False) for release in releases.ready]
    return Response(Page(shown, None), headers=tag(releases.version if shown else 0))


@post(
    "/v1/deployments/releases/rollback",
    status_code=200,
    scope="models:deploy",
    versioned=one(Releases.id_of),
)
async def roll_back(
    data: JSONBody[RollbackIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ReleaseOut]:
    """Put an earlier release in force for all, with its configuration, routing and prompts. Nothing is deleted."""
    command = RollBackRelease(reason=data.reason, release=data.release)
    done = await roll_back_release(command, context, services)
    headers = await written(services, context.tenant, done.position, done.releases.version)
    return Response(_shown(done.release, True), headers=headers)


def _shown(release: Release, present: bool) -> ReleaseOut:
    return ReleaseOut(
        number=release.number,
        present=present,
        deployment=release.deployment,
        versions=release.versions,
        at=release.at,
    )


ROUTER = Router("/", route_handlers=[list_all, roll_back], tags=["deployments"])
