"""Commands for deployments, and for the releases that stay ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from application.experiments.deploying import Changed
from application.experiments.deployment import (
    ConfirmDeployment,
    StartDeployment,
    StartShadow,
    StopDeployment,
    confirm_deployment,
    start_deployment,
    start_shadow,
    stop_deployment,
)
from application.experiments.going_back import releases_of
from application.experiments.rollback import (
    RollBackDeployment,
    RollBackRelease,
    RolledBack,
    roll_back_deployment,
    roll_back_release,
)
from domain.base.context import Context
from domain.experiments.deployment import Deployment
from domain.experiments.releases import Releases
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    data_option,
    json_option,
    print_json,
    print_table,
    tell_done,
    tenant_option,
    with_services,
)
from projections.deployments import Deployments, list_deployments

deployment_argument = click.argument("deployment", type=click.UUID)
reason_option = click.option("--reason", required=True, help="why; it is recorded with the decision")


@click.group()
def deployments() -> None:
    """Versions of the agent on their way to all customers, and those that stay ready to go back to."""


@deployments.command("list")
@tenant_option
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@data_option
@json_option
def list_all(tenant_id: UUID, limit: int, data: Path | None, as_json: bool) -> None:
    """Deployments, the newest first, and how far each has come."""

    async def do(parts: Services) -> list[Deployment]:
        async with parts.reads.at(tenant_id, Deployments()) as sql:
            rows = await list_deployments(sql, tenant_id, before=None, limit=limit)
        return [await parts.store.load(Deployment, row.deployment, tenant=tenant_id) for row in rows]

    found = [_row(each) for each in with_services(data, do)]
    if as_json:
        print_json(found)
    else:
        names = list(_row_names())
        print_table(None, names, [[row[name] for name in names] for row in found])


@deployments.command()
@tenant_option
@deployment_argument
@data_option
@json_option
def shadow(tenant_id: UUID, deployment: UUID, data: Path | None, as_json: bool) -> None:
    """Let the candidate answer a share of messages, without being shown."""
    command = StartShadow(deployment=deployment)
    _change(data, as_json, tenant_id, lambda parts, about: start_shadow(command, about, parts))


@deployments.command()
@tenant_option
@deployment_argument
@data_option
@json_option
def start(tenant_id: UUID, deployment: UUID, data: Path | None, as_json: bool) -> None:
    """Begin the rollout: the first step is in force at once."""
    command = StartDeployment(deployment=deployment)
    _change(data, as_json, tenant_id, lambda parts, about: start_deployment(command, about, parts))


@deployments.command()
@tenant_option
@deployment_argument
@data_option
@json_option
def confirm(tenant_id: UUID, deployment: UUID, data: Path | None, as_json: bool) -> None:
    """Let the next step begin, where the plan waits for that."""
    command = ConfirmDeployment(deployment=deployment)
    _change(data, as_json, tenant_id, lambda parts, about: confirm_deployment(command, about, parts))


@deployments.command()
@tenant_option
@deployment_argument
@reason_option
@data_option
@json_option
def stop(tenant_id: UUID, deployment: UUID, reason: str, data: Path | None, as_json: bool) -> None:
    """End it: everybody has the agent in force."""
    command = StopDeployment(deployment=deployment, reason=reason)
    _change(data, as_json, tenant_id, lambda parts, about: stop_deployment(command, about, parts))


@deployments.command()
@tenant_option
@click.argument("deployment", type=click.UUID, required=False)
@click.option("--to", "release", type=click.IntRange(1), help="a release that stays ready, by its number")
@reason_option
@data_option
@json_option
def rollback(
    tenant_id: UUID,
    deployment: UUID | None,
    release: int | None,
    reason: str,
    data: Path | None,
    as_json: bool,
) -> None:
    """Go back: a deployment to what was before it, or all to an earlier release: the one before, or --to another one."""
    if deployment is not None:
        if release is not None:
            raise click.UsageError("give a deployment or --to, not both")
        back = RollBackDeployment(deployment=deployment, reason=reason)
        _change(data, as_json, tenant_id, lambda parts, about: roll_back_deployment(back, about, parts))
        return

    async def do(parts: Services) -> RolledBack:
        command = RollBackRelease(reason=reason, release=release)
        return await roll_back_release(command, _context(parts, tenant_id), parts)

    done = with_services(data, do)
    number = done.release.number
    text = f"release {number} is in force again, at position {done.position}"
    tell_done(as_json, {"release": number, "position": done.position}, text)


@deployments.command()
@tenant_option
@data_option
@json_option
def releases(tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """The release in force, and those that stay ready."""

    async def do(parts: Services) -> Releases:
        return await releases_of(tenant_id, parts)

    found = with_services(data, do)
    kept = [] if found.present is None else [found.present, *found.ready]
    if as_json:
        print_json(kept)
        return
    rows = [
        [
            each.number,
            "in force" if each is found.present else "ready",
            each.deployment or "by hand",
            each.at.isoformat(timespec="seconds"),
            each.versions.agent,
            each.versions.routing,
            each.versions.prompts,
        ]
        for each in kept
    ]
    print_table(None, ["number", "state", "deployment", "at", "agent", "routing", "prompts"], rows)


def _change(
    data: Path | None, as_json: bool, tenant: UUID, do: Callable[[Services, Context], Awaitable[Changed]]
) -> None:
    async def changed(parts: Services) -> Changed:
        return await do(parts, _context(parts, tenant))

    row = _row(with_services(data, changed).deployment)
    tell_done(as_json, row, ", ".join(f"{name} {value}" for name, value in row.items() if value is not None))


def _context(parts: Services, tenant: UUID) -> Context:
    return Context(tenant=tenant, actor="operator:cli", correlation=parts.ids())


def _row_names() -> tuple[str, ...]:
    return ("deployment", "name", "status", "percentage", "until", "reason")


def _row(found: Deployment) -> dict[str, Any]:
    state = found.state
    progress = state.progress if found.running else None
    until = None if progress is None else progress.until.isoformat(timespec="seconds")
    percentage = None if progress is None else progress.percentage
    values = (str(found.id), state.name, state.status, percentage, until, state.reason)
    return dict(zip(_row_names(), values, strict=True))
